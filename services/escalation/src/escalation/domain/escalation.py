"""One incident's climb through its policy, until somebody answers.

    start ──▶ Waiting ──deadline, unreachable, escalate──▶ Waiting … ──▶ Exhausted ─┐
                 │                                                      ▲  every 5 min │
                 │ acknowledged, snoozed, resolved, merged              └──────────────┘
                 ▼                                                      │
              Halted ◀──────────────────────────────────────────────────┘
                 └──acknowledgement timeout, snooze's end, reopened──▶ Waiting at level 1

The policy is frozen at the start; people are found at the moment of paging. A level with nobody, or
whose condition does not hold, is skipped at once. After all loops: the last resort, for ever.
Reassigned, it waits anew, for those named instead of the levels (`by_name.py`).
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import repeat
from typing import assert_never

from escalation.domain import open_pages, pages
from escalation.domain.incident import Incident
from escalation.domain.open_pages import OpenPage
from escalation.domain.pages import Request
from escalation.domain.policy import Policy, frozen
from escalation.domain.reaching import looks
from escalation.domain.resolution import Resolution
from escalation.domain.status import Answer, Cause, Exhausted, Halted, Status, Waiting
from escalation.domain.turns import NO_TURNS, Turns
from tocsin.catalog import Catalog
from tocsin.events import PageEvent

LAST_RESORT_EVERY = timedelta(minutes=5)
LATE = timedelta(seconds=30)  # Later than this, a deadline was missed by an outage.
STEP_AFTER_OUTAGE = timedelta(seconds=30)
NO_PAUSE = timedelta(0)


@dataclass(frozen=True, slots=True)
class Escalation:
    """The climb. `cycle` is the incident's version at which paging (re)started; 0: it has not.

    `version` is the incident's version last seen; what is not newer is a replay. `rounds` counts
    the tries to page the last resort in this cycle; `wished_at` is when somebody asked for more.
    """

    incident: Incident
    policy: Policy
    status: Status
    version: int = 0
    cycle: int = 0
    rounds: int = 0
    pages: tuple[OpenPage, ...] = ()
    cause: Cause | None = None
    turns: Turns = NO_TURNS
    wished_at: datetime | None = None

    @classmethod
    def unknown(cls, incident_id: str) -> "Escalation":
        """Return the climb of an incident that was never heard of: nothing has happened yet."""
        nothing = Policy("none", 0, missing="the incident's trigger was not seen")
        return cls(Incident.unknown(incident_id), nothing, Halted("acknowledged", 0, 0))

    @property
    def is_new(self) -> bool:
        """Return whether nothing was ever heard of the incident, nor done about it."""
        return self.version == 0 and isinstance(self.status, Halted)

    @property
    def deadline(self) -> datetime | None:
        """When something is to be done without being asked."""
        match self.status:
            case Waiting(until=at) | Exhausted(again_at=at):
                return at
            case Halted():
                return None
            case never:
                assert_never(never)

    @property
    def place(self) -> tuple[int, int]:
        """The loop and the level reached; past the last level once exhausted."""
        match self.status:
            case Waiting(level=level, loop=loop) | Halted(level=level, loop=loop):
                return loop, level
            case Exhausted():
                return self.policy.loops, len(self.policy.levels)
            case never:
                assert_never(never)

    def start(self, now: datetime, catalog: Catalog) -> "Decision":
        """Freeze the policy in force and page its first level."""
        policy = frozen(catalog, self.incident.service, self.incident.wanted_policy)
        started = pages.started(self.incident, policy)
        fresh = replace(self, policy=policy, cycle=self.version, rounds=0, turns=self.turns.anew())
        return fresh.climb_from(1, 1, now, catalog).after(started)

    def resume(self, now: datetime, catalog: Catalog) -> "Decision":
        """Page again from the first level of the same policy: the answer did not hold."""
        if self.cycle == 0 or self.policy.missing:
            return self.start(now, catalog)
        return replace(self, cycle=self.version, rounds=0).climb_from(1, 1, now, catalog)

    @property
    def is_climbing(self) -> bool:
        """Return whether somebody is still to answer."""
        return self.cycle > 0 and not isinstance(self.status, Halted)

    def halt(self, reason: Answer) -> "Decision":
        """Stop, and withdraw every page that is still open."""
        loop, level = self.place
        halted = replace(self, status=Halted(reason, level, loop), pages=(), wished_at=None)
        return Decision(halted, open_pages.withdrawn(self.incident, self.pages, reason))

    def advance(self, now: datetime, catalog: Catalog) -> "Decision":
        """Take the next step if its time has come; before that, only keep the deadline."""
        deadline = self.deadline
        if deadline is None or now < deadline:
            return Decision(self)
        # After an outage one step at a time, so that a stop does not page five levels at once.
        pause = STEP_AFTER_OUTAGE if now - deadline > LATE else NO_PAUSE
        taken = self.step(now, catalog, pause)
        return replace(taken, facts=pages.unanswered(taken.facts, now))

    def escalate_now(self, now: datetime, catalog: Catalog) -> "Decision":
        """Page the next level at once: somebody asks for it."""
        if not isinstance(self.status, Halted):
            return self.step(now, catalog)
        if self.status.is_over:
            return Decision(self)
        if self.is_new:
            return self.start(now, catalog)
        return self._help(self.status, now, catalog)

    def unreachable(self, page_id: str, now: datetime, catalog: Catalog) -> "Decision":
        """Note that a page cannot reach its responder; go on once none paged with it can."""
        lost = next((page for page in self.pages if page.page_id == page_id), None)
        if lost is None or lost.is_unreachable:
            return Decision(self)
        noted = replace(self, pages=open_pages.without_hope(self.pages, page_id))
        if not self._counts_on(lost) or not open_pages.is_hopeless(noted.pages, lost):
            return Decision(noted)
        if lost.is_of_last_resort:
            return noted._fall_back(now, catalog)  # noqa: SLF001 - a later self.
        if isinstance(self.status, Exhausted):
            return Decision(noted)  # The last resort is paged again in any case.
        if isinstance(self.status, Halted):
            return noted._help(self.status, now, catalog)  # noqa: SLF001 - a later self.
        return noted.step(now, catalog)

    def _counts_on(self, page: OpenPage) -> bool:
        """Return whether the climb is where this page was asked for; by name, it always is."""
        if page.is_spared and isinstance(self.status, Halted):
            return False  # Who has it asked for help, and has it.
        is_of_level = bool(page.level) or isinstance(self.status, Waiting)
        here = self.place if is_of_level else (self.rounds, 0)
        is_here = (page.loop, page.level) == here and page.cycle in {0, self.cycle}
        return bool(page.asked) or is_here

    def _fall_back(self, now: datetime, catalog: Catalog) -> "Decision":
        """Page whoever else is a last resort: those of this round cannot be reached."""
        asked = filter(self._counts_on, (one for one in self.pages if one.is_of_last_resort))
        lost = {one.responder for one in asked}
        people = pages.last_resort(self.policy, catalog, now, lost=lost)
        return self.paging(self.request(0, self.rounds, catalog), people, now, "last resort")

    def _help(self, answered: Halted, now: datetime, catalog: Catalog) -> "Decision":
        """Page the next level for somebody who has the incident: it waits for no answer."""
        decision = self.step(now, catalog)
        loop, level = decision.escalation.place
        halted = Halted(answered.reason, level, loop)
        return replace(decision, escalation=replace(decision.escalation, status=halted))

    def step(self, now: datetime, catalog: Catalog, pause: timedelta = NO_PAUSE) -> "Decision":
        """Page the next place of the climb, which then waits for at least `pause`."""
        loop, level = self.place
        if isinstance(self.status, Exhausted):
            if not self.policy.missing:
                return self.page_last_resort(now, catalog, pause=pause)
            # There may be one by now; its rounds go on, so that no page is one of before.
            policy = frozen(catalog, self.incident.service, self.incident.wanted_policy)
            return replace(self, policy=policy).climb_from(1, 1, now, catalog, pause)
        return self.climb_from(loop, level + 1, now, catalog, pause)

    def climb_from(
        self, loop: int, level: int, now: datetime, catalog: Catalog, pause: timedelta = NO_PAUSE
    ) -> "Decision":
        """Page the first level from here on that has somebody."""
        told: list[PageEvent] = []
        place = (loop, level)
        for one in looks(self.policy, place, self.incident, self.turns, catalog, now):
            request = self.request(one.level, one.loop, catalog)
            if one.against:
                told.append(request.passed_over(one.against, one.spec.when, now))
                continue
            told.extend(request.announcements())
            if one.people.found:
                until = now + max(one.spec.escalate_after, pause)
                waiting = Waiting(one.level, one.loop, until)
                reached = replace(self, status=waiting, turns=one.turns)
                why = self.policy.because(one.level, one.loop)
                return reached.paging(request, one.people, now, why).after(*told)
            told.append(request.skipped(one.people.missed))
        return self.page_last_resort(now, catalog, told, pause).after(*told)

    def page_last_resort(
        self,
        now: datetime,
        catalog: Catalog,
        told: Sequence[PageEvent] = (),
        pause: timedelta = NO_PAUSE,
    ) -> "Decision":
        """Page who is there when nobody answers; the first time, say that it came to this."""
        again_at = now + max(LAST_RESORT_EVERY, pause)
        spent = replace(self, status=Exhausted(again_at), rounds=self.rounds + 1)
        people = pages.last_resort(self.policy, catalog, now)
        request = self.request(0, spent.rounds, catalog)
        decision = spent.paging(request, people, now, "last resort")
        if self.rounds:
            return decision
        reason = pages.why_exhausted(told, len(self.policy.levels))
        return decision.after(request.exhausted(people, self.place[0], reason))

    def paging(
        self, request: Request, people: Resolution, now: datetime, because: str
    ) -> "Decision":
        """Ask for a page for each of these people, and keep what is open."""
        requested = [request.page(one, now, because, people.missed) for one in people.found]
        opened = map(OpenPage.of, requested, people.found, repeat(request))
        kept, dropped = open_pages.bounded((*self.pages, *opened))
        withdrawn = open_pages.withdrawn(self.incident, dropped, "replaced by later pages")
        return Decision(replace(self, pages=kept), (*requested, *withdrawn))

    def request(self, level: int, loop: int, catalog: Catalog) -> Request:
        """Return what the pages of a level have in common, at this version."""
        place = (self.version, self.cycle, level, loop)
        return Request(self.incident, self.policy, *place, catalog.version)


@dataclass(frozen=True, slots=True)
class Decision:
    """The climb after a step, what happened, and what is said again. It has its own deadline."""

    escalation: Escalation
    facts: tuple[PageEvent, ...] = ()
    repeated: tuple[PageEvent, ...] = ()

    def after(self, *earlier: PageEvent) -> "Decision":
        """Return the decision with these facts before its own."""
        return replace(self, facts=(*earlier, *self.facts))
