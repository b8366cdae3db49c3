"""What every document's spec is made of: no unknown fields, names, time zones, matchers."""

from typing import Annotated
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BaseModel, ConfigDict, StringConstraints, ValidationInfo

from tocsin import matching

Name = Annotated[
    str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$", min_length=1, max_length=100)
]


def _known_zone(zone: str) -> str:
    try:
        ZoneInfo(zone)
    except (KeyError, ValueError, OSError) as error:
        raise ValueError(f"{zone!r} is not an IANA time zone; write one as Europe/Paris") from error
    return zone


TimeZone = Annotated[str, AfterValidator(_known_zone)]


def _readable_matcher(text: str) -> str:
    matching.parse(text)
    return text


MatcherText = Annotated[str, AfterValidator(_readable_matcher)]


class Spec(BaseModel):
    """What a document says."""

    model_config = ConfigDict(frozen=True, extra="forbid")


# Given to the models where something is to be put in force: it is held to more. What is in force is
# read as it is, whatever an earlier release took.
NEW = {"is_new": True}


def is_new(info: ValidationInfo) -> bool:
    """Return whether what is read is to be put in force."""
    return info.context is NEW
