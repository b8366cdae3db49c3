"""What incident-intake is told by its environment: `INTAKE_…`."""

from typing import Literal

from pydantic import Field

from tocsin.settings import ServiceSettings


class IntakeSettings(ServiceSettings):
    """The common settings, and intake's own.

    `kafka_deadline`: how many seconds a request waits for Kafka before it is kept in the outbox.
    `paged_within`: how many seconds a page for an incident may take to be heard of here.
    `label_names`: what the Alertmanager API takes as a label's name: any UTF-8 as Alertmanager
    does since 0.27, or letters, digits and underscores as before (`legacy`).
    """

    http: str = Field(default="127.0.0.1:8010", pattern=r"^[^:\s]+:[0-9]{1,5}$")
    database: str = Field(default="sqlite:///var/intake.db", pattern=r"^(sqlite|postgresql)://")
    kafka_deadline: float = Field(default=2.0, gt=0, le=60)
    paged_within: float = Field(default=60.0, gt=0, le=3600)
    label_names: Literal["utf8", "legacy"] = "utf8"
