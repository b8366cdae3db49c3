"""What this service is told: the variables that start with POSTMORTEM_."""

from pydantic import Field

from tocsin.settings import ServiceSettings


class PostmortemSettings(ServiceSettings):
    """The settings of postmortem; it has none of its own yet."""

    http: str = Field(default="127.0.0.1:8040", pattern=r"^[^:\s]+:[0-9]{1,5}$")
    database: str = Field(default="sqlite:///var/postmortem.db", pattern=r"^(sqlite|postgresql)://")
