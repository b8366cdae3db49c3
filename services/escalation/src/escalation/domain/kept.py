"""A schedule's answers over a stretch of time, worked out once: only who, and since when.

The reasons of a month of shifts are most of what they weigh, and a plan tells none.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from datetime import datetime

from escalation.domain.resolution import reachable
from escalation.domain.schedule import SIGHT, IsReachable, OnCall, Schedule, Shift
from tocsin.catalog import Catalog


class KeptSchedule:
    """A schedule of a catalog, asked as a `Schedule` is, from `since` on."""

    def __init__(self, catalog: Catalog, name: str, since: datetime, until: datetime) -> None:
        """Work out who answers until then; what is asked of a later time follows by itself."""
        self.name = name
        self._catalog = catalog
        self._begins: list[datetime] = []
        self._answers: list[OnCall] = []
        self._until = since
        self._work_out(until)

    def on_call(self, at: datetime, is_reachable: IsReachable) -> OnCall:
        """Return who answers at this instant, without the reasons."""
        del is_reachable  # It was asked when the shifts were worked out.
        if at >= self._until:
            self._reach(at + SIGHT)
        return self._answers[bisect_right(self._begins, at) - 1]

    def spans(self, since: datetime, until: datetime, is_reachable: IsReachable) -> Iterator[Shift]:
        """Yield every span from `since` to `until`, gaps included."""
        del is_reachable
        self._reach(until)
        first = bisect_right(self._begins, since) - 1
        for place in range(first, bisect_left(self._begins, until)):
            ends = self._begins[place + 1] if place + 1 < len(self._begins) else until
            begins = max(self._begins[place], since)
            yield Shift(begins, min(ends, until), self._answers[place])

    def edges(self, until: datetime) -> list[datetime]:
        """Return when somebody else answers, before `until`; the first instant included."""
        self._reach(until)
        return self._begins[: bisect_left(self._begins, until)]

    def _reach(self, until: datetime) -> None:
        if until > self._until:
            self._work_out(max(until, self._until + SIGHT))

    def _work_out(self, until: datetime) -> None:
        schedule = Schedule.in_catalog(self._catalog, self.name)
        can = reachable(self._catalog)
        for span in schedule.spans(self._until, until, can) if schedule else ():
            answer = OnCall(span.on_call.responders, (), span.on_call.shadows)
            if not self._answers or self._answers[-1] != answer:
                self._begins.append(span.begins)
                self._answers.append(answer)
        self._until = until
