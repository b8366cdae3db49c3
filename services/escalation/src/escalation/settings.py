"""What this service is told: the variables that start with ESCALATION_."""

from pydantic import Field

from tocsin.settings import Networks, ServiceSettings


class EscalationSettings(ServiceSettings):
    """The common settings, and escalation's own."""

    http: str = Field(default="127.0.0.1:8020", pattern=r"^[^:\s]+:[0-9]{1,5}$")
    database: str = Field(default="sqlite:///var/escalation.db", pattern=r"^(sqlite|postgresql)://")
    reached_within: float = Field(default=300.0, gt=0, le=86_400)
    """Seconds after which a page without an outcome is overdue, beyond the person's rules."""
    calendars_every: float = Field(default=900.0, ge=60, le=86_400)
    """Seconds between two readings of a calendar of absences."""
    egress_allow: Networks = ()
    """Networks inside that calendars may be read from, by plain HTTP too, such as `10.1.0.0/16`."""
