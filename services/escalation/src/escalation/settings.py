"""What this service is told: the variables that start with ESCALATION_."""

from pydantic import Field

from tocsin.settings import ServiceSettings


class EscalationSettings(ServiceSettings):
    """The settings of escalation; it has none of its own yet."""

    http: str = Field(default="127.0.0.1:8020", pattern=r"^[^:\s]+:[0-9]{1,5}$")
    database: str = Field(default="sqlite:///var/escalation.db", pattern=r"^(sqlite|postgresql)://")
