"""The kinds of document in the catalog: on-call as code. Unknown fields are errors."""

import re
from collections.abc import Iterable
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    StringConstraints,
    model_validator,
)

from tocsin.catalog.absences import Absence, Calendars
from tocsin.catalog.conditions import Condition, SupportHours
from tocsin.catalog.handoff_notices import QUIET, HandoffNotices
from tocsin.catalog.integrations import Integration
from tocsin.catalog.overrides import Override
from tocsin.catalog.schedules import Restriction, Schedule
from tocsin.catalog.spec import MatcherText, Name, Spec, TimeZone
from tocsin.durations import Duration
from tocsin.events.base import Severity, Urgency


def _web_address(text: str) -> str:
    if not re.fullmatch(r"https?://[^\s/?#]\S*", text):
        raise ValueError(f"{text!r} is not an address; write https://hooks.example.org/on-call")
    return text


class Team(Spec):
    """People who answer for services together. Events of its `calendars`: all of them are away."""

    members: tuple[Name, ...] = ()
    chat: dict[str, str] = Field(default={})
    calendars: Calendars = ()


class ContactMethod(Spec):
    """A way to reach a person: a channel and an address in it."""

    name: Name
    channel: str
    address: str = Field(min_length=1, max_length=2000)


class NotificationRule(Spec):
    """This urgency, this contact method, after this delay."""

    urgency: Urgency
    contact_method: str
    after: Duration = Field(default_factory=lambda: "0s", validate_default=True)


class User(Spec):
    """A person who can be paged. In `quiet_hours`, on their clock, what is not urgent waits.

    Another `calendar_key` gives the calendar of their shifts another address. Events of
    `calendars` mean that they are away.
    """

    email: str | None = None
    full_name: str | None = None
    time_zone: TimeZone = "UTC"
    contact_methods: tuple[ContactMethod, ...] = ()
    notification_rules: tuple[NotificationRule, ...] = ()
    quiet_hours: tuple[Restriction, ...] = ()
    handoff_notices: HandoffNotices | None = None
    chat: dict[str, str] = Field(default={})
    calendar_key: str = Field(default="", max_length=100)
    calendars: Calendars = ()

    def contact_method(self, name: str) -> ContactMethod | None:
        """Return the contact method of this name."""
        return next((method for method in self.contact_methods if method.name == name), None)

    def notice_method(self) -> ContactMethod | None:
        """Return how they are told of a handoff: as they say, else by what wakes nobody."""
        if self.handoff_notices and self.handoff_notices.contact_method:
            return self.contact_method(self.handoff_notices.contact_method)
        quiet = [method for method in self.contact_methods if method.channel in QUIET]
        return min(quiet, key=lambda method: QUIET.index(method.channel), default=None)


class Grouping(Spec):
    """Alerts of a service with the same values of `by` join its open incident within `window`."""

    by: tuple[str, ...]
    window: Duration = Field(default_factory=lambda: "1h", validate_default=True)


class Service(Spec):
    """What is broken, with one escalation policy.

    `urgency_of` says for single severities what `urgency` says for all.
    """

    team: Name | None = None
    escalation_policy: Name | None = None
    urgency: Literal["by_severity", "high", "low"] = "by_severity"
    urgency_of: dict[Severity, Urgency] = Field(default={})
    support_hours: SupportHours | None = None
    grouping: Grouping | None = None
    acknowledgement_timeout: Duration | None = None
    auto_resolve: bool = True
    runbook: str | None = None
    description: str = ""
    labels: dict[str, str] = Field(default={})


class Route(Spec):
    """For integrations without a service: the first route whose matchers all match, by order."""

    order: int = 100
    matchers: tuple[MatcherText, ...]
    service: Name


class Webhook(Spec):
    """An address outside that a level may tell, signed as the webhooks of people are."""

    url: Annotated[str, StringConstraints(max_length=2000), AfterValidator(_web_address)]
    description: str = ""


class Target(Spec):
    """Exactly one of a user, a schedule or a team, who are paged; or of a channel or a webhook.

    Of a schedule, `with_next` means whoever is on call next as well. A `channel` is the chat of the
    team of that name. It is told, as a `webhook` is, and nobody is woken by it.
    """

    user: Name | None = None
    schedule: Name | None = None
    team: Name | None = None
    channel: Name | None = None
    webhook: Name | None = None
    with_next: bool = False

    @model_validator(mode="after")
    def _exactly_one(self) -> "Target":
        if len(self._named) != 1:
            raise ValueError("a target is exactly one of user, schedule, team, channel or webhook")
        if self.with_next and not self.schedule:
            raise ValueError("`with_next` belongs to a schedule: only there is somebody next")
        return self

    @property
    def is_somebody(self) -> bool:
        """Return whether it means people, who can be woken."""
        return self.channel is None and self.webhook is None

    @property
    def _named(self) -> list[tuple[str, str]]:
        kinds = ("user", "schedule", "team", "channel", "webhook")
        return [(kind, name) for kind in kinds if (name := getattr(self, kind)) is not None]

    def __str__(self) -> str:
        """Return the kind and name: `user ada`."""
        return " ".join(self._named[0])


def _is_somebody(target: Target) -> Target:
    if not target.is_somebody:
        raise ValueError(
            f"{target} wakes nobody, and a last resort has to:"
            " name a user, a schedule or a team; a level may tell it"
        )
    return target


LastResort = Annotated[Target, AfterValidator(_is_somebody)]


class Level(Spec):
    """Targets paged together; unanswered for `escalate_after`, the next level follows.

    While its condition `when` does not hold, it is passed over. With `round_robin` those of its
    targets take turns, a page each, instead of being paged together. Channels and webhooks among
    its targets are told each time; nobody waits for an answer of theirs.
    """

    when: Condition | None = None
    targets: tuple[Target, ...] = ()
    round_robin: bool = False
    escalate_after: Duration = Field(default_factory=lambda: "5m", validate_default=True)


class EscalationPolicy(Spec):
    """Ordered levels, how often to repeat them, and who is paged when all that failed."""

    team: Name | None = None
    levels: tuple[Level, ...] = Field(min_length=1, max_length=20)
    repeat: int = Field(default=0, ge=0, le=100)
    last_resort: LastResort | None = None


class Settings(Spec):
    """The installation's own: where unrouted alerts go, and who is paged when no policy says."""

    default_service: Name | None = None
    last_resort: LastResort | None = None


def settings_in_force(keys: Iterable[tuple[str, str]]) -> str:
    """Return which Settings count, of these documents: the first by name; empty: there are none."""
    return min((name for kind, name in keys if kind == "Settings"), default="")


KINDS: dict[str, type[Spec]] = {
    "Team": Team,
    "User": User,
    "Service": Service,
    "Integration": Integration,
    "Route": Route,
    "Schedule": Schedule,
    "Override": Override,
    "Webhook": Webhook,
    "Absence": Absence,
    "EscalationPolicy": EscalationPolicy,
    "Settings": Settings,
}


class Document(BaseModel):
    """One document as written in a file: kind, name, spec (unchecked)."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: str
    name: Name
    spec: dict[str, Any] = {}
