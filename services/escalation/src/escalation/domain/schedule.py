"""Who is on call when: layers, of which the last that applies wins, and overrides above them.

There is one rule, `_answer`, of the turns in progress, the overrides in force and who is away.
`on_call` asks it about one instant. `spans` asks it about each stretch of time in which none of
them changes.
"""

from collections.abc import Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import groupby
from operator import itemgetter
from zoneinfo import ZoneInfo

from escalation.domain.absence import NOBODY, NONE, Absences, absent, present
from escalation.domain.layer import Layer, Turn
from escalation.domain.override import IsReachable, Names, Override, applied
from tocsin import catalog
from tocsin.wall_clock import TICK, Moment, moment

__all__ = ["IsReachable", "OnCall", "Schedule", "Shift", "everybody"]

# How far somebody looks for whoever is next; who begins at its very end is still seen.
SIGHT = timedelta(days=32)
# Most hand-offs are near: a month of a schedule is not worked out to find tomorrow's.
AHEAD = (timedelta(days=1), timedelta(days=8), SIGHT + TICK)
# When, and whose turn begins in which place among the layers; an override or absence has none.
_Change = tuple[datetime, int | None, Turn | None]
_instant = itemgetter(0)
EVERYBODY_AWAY = "everybody is away, so nobody is passed over"


def everybody(_responder: str) -> bool:
    """Count everybody as reachable."""
    return True


@dataclass(frozen=True, slots=True)
class OnCall:
    """Who answers at an instant, and the chain of reasons. No responders: a gap.

    `shadows` look over their shoulders: they are shown, and nobody counts on them.
    """

    responders: tuple[str, ...]
    reason: tuple[str, ...]
    shadows: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Shift:
    """A span in which the same turn answers; `until` is no longer part of it."""

    begins: datetime
    until: datetime
    on_call: OnCall


@dataclass(frozen=True, slots=True)
class Schedule:
    """Layers from the base upwards, and overrides in the order they apply.

    The turns of `shadows` are shown beside whoever answers, whatever the layers and overrides say.
    Whoever is away, by `absences`, is passed over, unless that leaves nobody.
    """

    name: str
    layers: tuple[Layer, ...]
    overrides: tuple[Override, ...] = ()
    shadows: tuple[Layer, ...] = ()
    absences: Absences = NOBODY

    @classmethod
    def of(
        cls, name: str, spec: catalog.Schedule, overrides: tuple[Override, ...] = ()
    ) -> "Schedule":
        """Return the schedule that a document describes."""
        zone = ZoneInfo(spec.time_zone)
        layers = [(one.shadow, Layer.of(one, zone)) for one in spec.layers]
        counting = tuple(layer for is_shadow, layer in layers if not is_shadow)
        return cls(name, counting, overrides, tuple(layer for one, layer in layers if one))

    @classmethod
    def in_catalog(cls, held: catalog.Catalog, name: str) -> "Schedule | None":
        """Return the schedule of this name with the overrides and absences of the catalog."""
        spec = held.schedule(name)
        if spec is None:
            return None
        zone = ZoneInfo(spec.time_zone)
        own = (Override.of(one, override, zone) for one, override in held.overrides(name))
        found = cls.of(name, spec, tuple(own))
        return replace(found, absences=Absences.in_catalog(held, spec))

    def on_call(self, at: datetime, is_reachable: IsReachable = everybody) -> OnCall:
        """Return who answers at this instant."""
        moments: dict[str, Moment] = {}
        turns = (
            (layer, layer.turn_at(at, _moment(moments, at, layer.zone)))
            for layer in reversed(self.layers)
        )
        away = self.absences.away(at)
        answer = self._answer(turns, self._forced(at), away, is_reachable)
        return self._with_shadows(answer, [layer.turn_at(at) for layer in self.shadows], away)

    def next_change(self, after: datetime, is_reachable: IsReachable = everybody) -> Shift | None:
        """Return the first span with other people on call, where they change within a month."""
        before = set(self.on_call(after, is_reachable).responders)
        since = after
        for until in (after + ahead for ahead in AHEAD):
            for span in self.spans(since, until, is_reachable):
                if set(span.on_call.responders) != before:
                    return span
            since = until
        return None

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
        if since >= until:
            return []
        turns = [layer.turn_at(since) for layer in (*self.layers, *self.shadows)]
        known: dict[Hashable, OnCall] = {}
        spans: list[Shift] = []
        begins, current = since, self._answer_once(known, turns, since, is_reachable)
        changes = sorted(self._changes(since, until), key=_instant)
        for at, together in groupby(changes, _instant):
            for _, place, turn in together:
                if place is not None:
                    turns[place] = turn
            later = self._answer_once(known, turns, at, is_reachable)
            if later is not current and later != current:
                spans.append(Shift(begins, at, current))
                begins, current = at, later
        return [*spans, Shift(begins, until, current)]

    def _changes(self, since: datetime, until: datetime) -> Iterator[_Change]:
        """Yield the instants at which anything may change: to which turn, in which place."""
        edges = (edge for one in self.overrides for edge in (one.begins, one.ends))
        yield from ((edge, None, None) for edge in edges if since < edge < until)
        yield from ((edge, None, None) for edge in self.absences.edges(since, until))
        for place, layer in enumerate((*self.layers, *self.shadows)):
            yield from ((at, place, turn) for at, turn in layer.changes(since, until))

    def _answer_once(
        self,
        known: dict[Hashable, OnCall],
        turns: Sequence[Turn | None],
        at: datetime,
        is_reachable: IsReachable,
    ) -> OnCall:
        """Return the answer, worked out once for each combination of what it depends on."""
        forced, away = self._forced(at), self.absences.away(at)
        key = (*turns, forced, away)
        if (found := known.get(key)) is None:
            counting = len(self.layers)
            from_top = zip(reversed(self.layers), reversed(turns[:counting]), strict=True)
            answer = self._answer(from_top, forced, away, is_reachable)
            found = known[key] = self._with_shadows(answer, turns[counting:], away)
        return found

    def _forced(self, at: datetime) -> tuple[Override, ...]:
        return tuple([one for one in self.overrides if one.applies(at)]) if self.overrides else ()

    def _answer(
        self,
        turns: Iterable[tuple[Layer, Turn | None]],
        forced: Sequence[Override],
        away: frozenset[str],
        is_reachable: IsReachable,
    ) -> OnCall:
        """Return who answers. Where absences alone leave nobody, it is as if there were none."""
        passed_over = absent(away, forced, is_reachable)
        if not passed_over:
            return self._layered(turns, forced, NONE, is_reachable)
        turns = tuple(turns)
        answer = self._layered(turns, forced, passed_over, is_reachable)
        if answer.responders:
            return answer
        anyway = self._layered(turns, forced, NONE, is_reachable)
        if not anyway.responders:
            return answer
        reason = dict.fromkeys([*anyway.reason, *answer.reason[1:], EVERYBODY_AWAY])
        return replace(anyway, reason=tuple(reason))

    def _layered(
        self,
        turns: Iterable[tuple[Layer, Turn | None]],
        forced: Sequence[Override],
        passed_over: frozenset[str],
        is_reachable: IsReachable,
    ) -> OnCall:
        """Return who answers, of each layer's turn, from the top, and the overrides in force."""
        people: Names = ()
        chain: list[str] = []
        hidden: list[str] = []
        for layer, turn in turns:
            if turn is None:
                continue
            place = f"layer {layer.name}, turn {turn.number}"
            able = present(turn, passed_over, is_reachable)
            hidden += [f"{place}: {one}" for one in able.lost]
            if not able.people:
                continue
            chain.append(f"{place}, passed on to the next" if able.instead else place)
            people += tuple([one for one in able.people if one not in people])
            if layer.mode == "replace":
                break
        people, did = applied(forced, people, is_reachable) if forced else (people, ())
        if not people:
            return OnCall((), (f"schedule {self.name}: nobody is on call", *hidden, *did))
        return OnCall(people, (f"schedule {self.name}", *chain, *hidden, *did))

    def _with_shadows(
        self, answer: OnCall, turns: Sequence[Turn | None], away: frozenset[str]
    ) -> OnCall:
        if not turns:
            return answer
        people = dict.fromkeys(one for turn in turns if turn for one in turn.people)
        shadows = tuple(one for one in people if one not in {*answer.responders, *away})
        return replace(answer, shadows=shadows) if shadows else answer


def _moment(known: dict[str, Moment], at: datetime, zone: ZoneInfo) -> Moment:
    if zone.key not in known:
        known[zone.key] = moment(at, zone)
    return known[zone.key]
