"""What incident-intake is told by its environment: `INTAKE_…`."""

from typing import Literal

from pydantic import Field

from tocsin.settings import ServiceSettings


class IntakeSettings(ServiceSettings):
    """The common settings, and intake's own."""

    http: str = Field(default="127.0.0.1:8010", pattern=r"^[^:\s]+:[0-9]{1,5}$")
    database: str = Field(default="sqlite:///var/intake.db", pattern=r"^(sqlite|postgresql)://")
    kafka_deadline: float = Field(default=2.0, gt=0, le=60)
    """Seconds that Kafka has to take an alert before it is kept in the outbox."""
    paged_within: float = Field(default=60.0, gt=0, le=3600)
    """Seconds after which an incident that nobody is known to be paged for is overdue."""
    label_names: Literal["utf8", "legacy"] = "utf8"
    """What the Alertmanager API takes as a label's name: any UTF-8, as Alertmanager does since
    0.27, or letters, digits and underscores as before (`legacy`).
    """
