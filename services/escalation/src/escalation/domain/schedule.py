"""Who is on call when: layers, of which the last that applies wins.

`on_call` is the one answer; `shifts` asks it at every instant at which it may change.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from escalation.domain.layer import Layer
from tocsin import catalog

IsReachable = Callable[[str], bool]


def everybody(_responder: str) -> bool:
    """Count everybody as reachable."""
    return True


@dataclass(frozen=True, slots=True)
class OnCall:
    """Who answers at an instant, and the chain of reasons. No responders: a gap."""

    responders: tuple[str, ...]
    reason: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Shift:
    """A span in which the same turn answers; `until` is no longer part of it."""

    begins: datetime
    until: datetime
    on_call: OnCall


@dataclass(frozen=True, slots=True)
class Schedule:
    """Layers from the base upwards."""

    name: str
    layers: tuple[Layer, ...]

    @classmethod
    def of(cls, name: str, spec: catalog.Schedule) -> "Schedule":
        """Return the schedule that a document describes."""
        zone = ZoneInfo(spec.time_zone)
        return cls(name, tuple(Layer.of(layer, zone) for layer in spec.layers))

    def on_call(self, at: datetime, is_reachable: IsReachable = everybody) -> OnCall:
        """Return who answers at this instant: the highest layer that has somebody reachable."""
        hidden: list[str] = []
        for layer in reversed(self.layers):
            turn = layer.turn_at(at)
            if turn is None:
                continue
            responder = layer.rotation.holder(turn)
            if is_reachable(responder):
                chain = (f"schedule {self.name}", f"layer {layer.name}, turn {turn}")
                return OnCall((responder,), (*chain, *hidden))
            hidden.append(f"layer {layer.name}, turn {turn}: {responder} cannot be reached")
        return OnCall((), (f"schedule {self.name}: nobody is on call", *hidden))

    def shifts(
        self, since: datetime, until: datetime, is_reachable: IsReachable = everybody
    ) -> list[Shift]:
        """Return who is on call from `since` to `until`, in order; gaps are left out."""
        return [span for span in self.spans(since, until, is_reachable) if span.on_call.responders]

    def gaps(
        self, since: datetime, until: datetime, is_reachable: IsReachable = everybody
    ) -> list[Shift]:
        """Return the spans in which nobody is on call."""
        spans = self.spans(since, until, is_reachable)
        return [span for span in spans if not span.on_call.responders]

    def spans(
        self, since: datetime, until: datetime, is_reachable: IsReachable = everybody
    ) -> list[Shift]:
        """Return every span from `since` to `until`, gaps included: together they tile the time."""
        instants = {since} | {
            instant
            for layer in self.layers
            for instant in layer.boundaries(since, until)
            if since < instant < until
        }
        spans: list[Shift] = []
        starts = sorted(instants) if since < until else []
        for begins, ends in zip(starts, [*starts[1:], until], strict=False):
            answer = self.on_call(begins, is_reachable)
            if spans and spans[-1].on_call == answer:
                spans[-1] = Shift(spans[-1].begins, ends, answer)
            else:
                spans.append(Shift(begins, ends, answer))
        return spans
