"""What every event has: a payload that says what happened, and the envelope it travels in."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Annotated, ClassVar, Generic, Literal, TypeVar

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from tocsin import ids

Severity = Literal["critical", "error", "warning", "info"]
Urgency = Literal["high", "low"]
Labels = dict[str, str]
Version = Annotated[int, Field(ge=0)]


class Value(BaseModel):
    """A frozen part of an event. Unknown fields are ignored: tomorrow's producer may add some."""

    model_config = ConfigDict(frozen=True, extra="ignore")


class Event(Value):
    """A fact one service tells the others, in the past tense; or a Command, in the imperative.

    `TYPE` is the CloudEvents type, `TOPIC` the topic's name without prefix, `KEY` the field whose
    value keys the record: events with one key keep their order.
    """

    TYPE: ClassVar[str]
    TOPIC: ClassVar[str]
    KEY: ClassVar[str] = "incident_id"

    @property
    def key(self) -> str:
        """The Kafka key: what keeps this event in order with its siblings."""
        return str(getattr(self, self.KEY))


class Actor(Value):
    """Who did it: a person, a monitoring tool, or Tocsin itself."""

    kind: Literal["user", "integration", "token", "tocsin"]
    name: str

    def __str__(self) -> str:
        """Return the name, as a timeline says it."""
        return self.name


class Link(Value):
    """An address that helps: a dashboard, a runbook, the generator of the alert."""

    href: str
    text: str = ""


E_co = TypeVar("E_co", bound=Event, covariant=True)
E = TypeVar("E", bound=Event)


@dataclass(frozen=True, slots=True)
class Envelope(Generic[E_co]):
    """An event on its way: CloudEvents attributes around the payload `data`.

    `causation_id` is the event that this one follows from, `correlation_id` the first of the
    chain, `traceparent` the W3C trace context of the work that made it.
    """

    data: E_co
    time: datetime
    source: str
    event_id: str = field(default_factory=ids.new)
    causation_id: str | None = None
    correlation_id: str | None = None
    traceparent: str | None = None

    @property
    def type(self) -> str:
        """The CloudEvents type, ending in its version."""
        return self.data.TYPE

    @property
    def version(self) -> int | None:
        """The version of the aggregate that this event made, where there is one."""
        version: int | None = getattr(self.data, "version", None)
        return version


def caused_by(
    cause: "Envelope[Event] | None",
    data: E,
    *,
    now: datetime,
    source: str,
    event_id: str | None = None,
    traceparent: str | None = None,
) -> Envelope[E]:
    """Put `data` in an envelope that continues the chain and the trace of `cause`.

    With `event_id` given (see `ids.derived`) the same decision made twice is the same event.
    """
    identity = event_id or ids.new()
    return Envelope(
        data=data,
        time=now,
        source=source,
        event_id=identity,
        causation_id=cause.event_id if cause else None,
        correlation_id=(cause.correlation_id or cause.event_id) if cause else identity,
        traceparent=traceparent or (cause.traceparent if cause else None),
    )


__all__ = [
    "Actor",
    "AwareDatetime",
    "Envelope",
    "Event",
    "Labels",
    "Link",
    "Severity",
    "Urgency",
    "Value",
    "Version",
    "caused_by",
]
