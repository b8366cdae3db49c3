"""Whatever happens, in whatever order: no climb ends in silence, none is early, none repeats itself."""

import itertools
from datetime import datetime, timedelta
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from escalation.domain.escalation import Escalation
from escalation.domain.hearing import hear
from escalation.domain.status import Exhausted, Halted, Waiting
from tests.unit.escalation.examples import (
    ADA,
    NOW,
    catalog,
    level,
    people,
    policy,
    triggered,
)
from tocsin.catalog import Catalog
from tocsin.events import (
    IncidentAcknowledged,
    IncidentUnacknowledged,
    PageEvent,
    PageRequested,
    PageWithdrawn,
)

PEOPLE = ("ada", "bob", "eve", "gone")  # gone is in no catalog.
levels = st.lists(
    st.builds(
        lambda who, after: level(*who, after=f"{after}s"),
        st.lists(st.sampled_from(PEOPLE), max_size=3),
        st.integers(0, 900),
    ),
    min_size=1,
    max_size=4,
)
catalogs = st.builds(
    lambda levels, repeat: catalog(
        User=people("ada", "bob", "eve", "carol"),
        Service={"checkout": {"escalation_policy": "payments"}},
        EscalationPolicy={"payments": policy(*levels, repeat=repeat)},
        Settings={"installation": {"last_resort": {"user": "carol"}}},
    ),
    levels,
    st.integers(0, 3),
)


class Story:
    """A climb, and everything it told, with the time of each."""

    def __init__(self, in_force: Catalog) -> None:
        self.in_force = in_force
        self.now = NOW
        self.version = 1
        self.facts: list[tuple[datetime, PageEvent]] = []
        self.climb = Escalation.unknown("i1")
        self.take(hear(self.climb, triggered(), self.now, in_force))

    def take(self, decision: Any) -> None:
        self.climb = decision.escalation
        self.facts.extend((self.now, fact) for fact in decision.facts)

    @property
    def pages(self) -> list[tuple[datetime, PageRequested]]:
        return [(at, fact) for at, fact in self.facts if isinstance(fact, PageRequested)]

    def waits(self) -> None:
        """Until the deadline, if there is one."""
        if self.climb.deadline:
            self.now = max(self.now, self.climb.deadline)
            self.take(self.climb.advance(self.now, self.in_force))

    def passes(self, seconds: int) -> None:
        self.now += timedelta(seconds=seconds)
        self.take(self.climb.advance(self.now, self.in_force))

    def acknowledges(self) -> None:
        self.version += 1
        event = IncidentAcknowledged(incident_id="i1", version=self.version, by=ADA)
        self.take(hear(self.climb, event, self.now, self.in_force))

    def times_out(self) -> None:
        self.version += 1
        event = IncidentUnacknowledged(
            incident_id="i1", version=self.version, reason="acknowledgement-timeout"
        )
        self.take(hear(self.climb, event, self.now, self.in_force))

    def replays(self) -> None:
        self.take(hear(self.climb, triggered(), self.now, self.in_force))

    def escalates(self) -> None:
        self.take(self.climb.escalate_now(self.now, self.in_force))

    def loses(self, number: int) -> None:
        """A page cannot reach its responder."""
        if self.climb.pages:
            page = self.climb.pages[number % len(self.climb.pages)]
            self.take(self.climb.unreachable(page.page_id, self.now, self.in_force))


@settings(max_examples=200, deadline=None)
@given(in_force=catalogs)
def test_unanswered_it_ends_in_repeats_of_the_last_resort(in_force: Catalog) -> None:
    story = Story(in_force)
    steps = 0
    while not isinstance(story.climb.status, Exhausted):
        story.waits()
        steps += 1
        assert steps <= 4 * 4
    before = len(story.pages)
    for _ in range(3):
        since = story.now
        story.waits()
        assert story.now - since == timedelta(minutes=5)
    assert [page.responder for _, page in story.pages[before:]] == ["carol"] * 3
    assert {page.level for _, page in story.pages[before - 1 :]} == {0}


@settings(max_examples=200, deadline=None)
@given(in_force=catalogs)
def test_every_level_with_somebody_is_paged_in_order_as_often_as_the_policy_says(
    in_force: Catalog,
) -> None:
    story = Story(in_force)
    while not isinstance(story.climb.status, Exhausted):
        story.waits()
    spec = in_force.policy("payments")
    assert spec is not None
    alive = [
        number
        for number, one in enumerate(spec.levels, start=1)
        if any(target.user != "gone" for target in one.targets)
    ]
    places = dict.fromkeys((page.loop, page.level) for _, page in story.pages if page.level)
    expected = [(loop, at) for loop in range(1, spec.repeat + 2) for at in alive]
    assert list(places) == expected


@settings(max_examples=200, deadline=None)
@given(in_force=catalogs, waits=st.lists(st.integers(0, 1200), max_size=30))
def test_no_level_is_paged_before_the_one_before_it_had_its_time(
    in_force: Catalog, waits: list[int]
) -> None:
    story = Story(in_force)
    for seconds in waits:
        story.passes(seconds)
    spec = in_force.policy("payments")
    assert spec is not None
    places: dict[tuple[int, int, int], datetime] = {}
    for at, page in story.pages:
        places.setdefault((page.level == 0, page.loop, page.level), at)
    ordered = sorted(places.items())
    for ((_, _, level_before), earlier), (_, later) in itertools.pairwise(ordered):
        wait = (
            spec.levels[level_before - 1].escalate_after if level_before else timedelta(minutes=5)
        )
        assert later - earlier >= wait


actions = st.lists(
    st.one_of(
        st.just(("waits",)),
        st.just(("acknowledges",)),
        st.just(("times_out",)),
        st.just(("replays",)),
        st.just(("escalates",)),
        st.tuples(st.just("passes"), st.integers(0, 1000)),
        st.tuples(st.just("loses"), st.integers(0, 5)),
    ),
    max_size=40,
)


@settings(max_examples=300, deadline=None)
@given(in_force=catalogs, actions=actions)
def test_whatever_happens_nobody_is_forgotten(in_force: Catalog, actions: list[Any]) -> None:
    story = Story(in_force)
    for name, *arguments in actions:
        getattr(story, name)(*arguments)
        # Open: it has a deadline. Answered: it has none. There is no third.
        is_answered = isinstance(story.climb.status, Halted)
        assert (story.climb.deadline is None) == is_answered
        if isinstance(story.climb.status, Waiting):
            assert (story.climb.place) in {(page.loop, page.level) for _, page in story.pages}
    requested = [page.page_id for _, page in story.pages]
    assert len(requested) == len(set(requested))
    withdrawn = [fact.page_id for _, fact in story.facts if isinstance(fact, PageWithdrawn)]
    assert len(withdrawn) == len(set(withdrawn))
    # Every page is either still open or was withdrawn, never both, never neither.
    assert set(withdrawn) | {page.page_id for page in story.climb.pages} == set(requested)
    assert not set(withdrawn) & {page.page_id for page in story.climb.pages}
