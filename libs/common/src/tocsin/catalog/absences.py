"""Absences: when somebody is away, as a document says it, and where calendars of them are."""

import re
from collections.abc import Iterable
from typing import Annotated
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, ConfigDict, Field, model_validator

from tocsin.catalog.spec import Name, Spec
from tocsin.catalog.times import Time
from tocsin.spans import Span
from tocsin.wall_clock import instant_of

MOST_CALENDARS = 5
MOST_SPANS = 5_000
_URL = re.compile(r"https?://[A-Za-z0-9._:\[\]-]+([/?#][!-~]*)?")


def _is_url(text: str) -> str:
    if not _URL.fullmatch(text) or not _has_host(text):
        raise ValueError("write https://host/path, without a login; a private one as `url_env`")
    return text


def _has_host(text: str) -> bool:
    """Return whether a host, and a port where there is one, can be read in it."""
    try:
        parts = urlsplit(text)
        return bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False


class Calendar(Spec):
    """A calendar whose every event means "away": where it is, or which variable says so.

    `url_env` names a variable of escalation's environment: whoever knows a private address can
    read the calendar, and the catalog is read by many.
    """

    url: Annotated[str, AfterValidator(_is_url)] | None = Field(default=None, max_length=2000)
    url_env: str | None = Field(default=None, pattern=r"^CALENDAR_[A-Z0-9_]{1,80}$")

    @model_validator(mode="after")
    def _is_somewhere(self) -> "Calendar":
        if (self.url is None) == (self.url_env is None):
            raise ValueError("a calendar has `url`, or else `url_env`: CALENDAR_… of escalation")
        return self


Calendars = Annotated[tuple[Calendar, ...], Field(max_length=MOST_CALENDARS)]


class Away(Spec):
    """From a time until another; without an offset, on the clock of the person's zone."""

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)

    from_: Time = Field(alias="from")
    until: Time

    @model_validator(mode="after")
    def _is_a_span(self) -> "Away":
        if bool(self.from_.tzinfo) == bool(self.until.tzinfo) and self.from_ >= self.until:
            raise ValueError("`until` is not after `from`")
        return self


class Absence(Spec):
    """When somebody is away: schedules pass over them, and the next of their rotation answers."""

    user: Name
    spans: tuple[Away, ...] = Field(max_length=MOST_SPANS)
    reason: str = Field(default="", max_length=500)


def instants_of(spans: Iterable[Away], zone: ZoneInfo) -> list[Span]:
    """Return spans as instants; one that a zone's clock leaves out is none."""
    found = ((instant_of(one.from_, zone), instant_of(one.until, zone, ends=True)) for one in spans)
    return [(begins, until) for begins, until in found if begins < until]
