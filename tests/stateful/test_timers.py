"""Timers: none is lost, none is early, none fires twice for one setting, none holds up others."""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime, timedelta

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import invariant, rule

from tests.stateful.machine import CRASHES, Backend, Crash, Machine, run_machine
from tocsin.events import Actor, AddNote, Envelope
from tocsin.sql import SqlUnitOfWork
from tocsin.testing import MemoryUnitOfWork
from tocsin.timers import POSTPONED
from tocsin.unit_of_work import Timer, UnitOfWork

NAMES = st.sampled_from(["a", "b", "c", "d", "e"])
SECONDS = st.sampled_from([-60, 0, 1, 5, 29, 30, 31, 300])


class Ticking(Machine):
    """`wanted` is the model: to each timer its time and the number of its setting."""

    def __init__(self, backend: Backend) -> None:
        super().__init__(backend, "tests.recipe_service", MemoryUnitOfWork, SqlUnitOfWork)
        self.loop = self.timers(self.on_timers)
        self.wanted: dict[str, tuple[datetime, str]] = {}
        self.poisonous: set[str] = set()
        self.again: set[str] = set()
        self.settings_made = 0
        self.fired: Counter[str] = Counter()

    async def on_timers(self, uow: UnitOfWork, timers: Sequence[Timer], now: datetime) -> None:
        """Publish that each fired, in its transaction; some fail always, some are set again."""
        for timer in timers:
            assert timer.due_at <= now
            if timer.timer_id in self.poisonous:
                raise ValueError("cannot be worked off")
            by = Actor(kind="user", name="ada")
            note = AddNote(incident_id=timer.timer_id, by=by, text=timer.data["setting"])
            await uow.publish([Envelope(note, now, "things")])
            if timer.timer_id in self.again:
                await uow.set_timers([self.later(timer, now)])

    def later(self, timer: Timer, now: datetime) -> Timer:
        data = {"setting": timer.data["setting"] + "+"}
        return Timer(timer.timer_id, "thing", timer.subject, now + timedelta(seconds=7), data)

    # ------------------------------------------------------------- what a service does
    @rule(names=st.sets(NAMES, min_size=1), seconds=SECONDS, crash=st.sampled_from(CRASHES))
    def sets_or_moves(self, names: set[str], seconds: int, crash: Crash) -> None:
        self.settings_made += 1
        due, setting = self.clock.now() + timedelta(seconds=seconds), str(self.settings_made)
        timers = [Timer(one, "thing", one, due, {"setting": setting}) for one in sorted(names)]
        if not self.killed(self.writes(timers, []), crash) or crash == "after the commit":
            self.wanted |= dict.fromkeys(names, (due, setting))

    @rule(names=st.sets(NAMES, min_size=1), crash=st.sampled_from(CRASHES))
    def cancels(self, names: set[str], crash: Crash) -> None:
        if not self.killed(self.writes([], sorted(names)), crash) or crash == "after the commit":
            self.wanted = {one: it for one, it in self.wanted.items() if one not in names}

    async def writes(self, timers: list[Timer], cancelled: list[str]) -> None:
        async with self.store.begin() as uow:
            await uow.set_timers(timers)
            await uow.cancel_timers(cancelled)

    @rule(name=NAMES)
    def becomes_poisonous_or_sound(self, name: str) -> None:
        self.poisonous ^= {name}

    @rule(name=NAMES)
    def begins_or_stops_to_be_set_again(self, name: str) -> None:
        self.again ^= {name}

    # ------------------------------------------------------------- the clock
    @rule(seconds=st.sampled_from([0, 1, 4, 30, 100]), crash=st.sampled_from(CRASHES))
    def time_passes(self, seconds: int, crash: Crash) -> None:
        self.clock.advance(timedelta(seconds=seconds))
        self.fires(crash)

    @rule(crash=st.sampled_from(CRASHES))
    def next_one_is_due(self, crash: Crash) -> None:
        if due := self.run(self.store.next_due()):
            self.clock.move_to(due)
            self.fires(crash)

    def fires(self, crash: Crash) -> None:
        """Fire what is due; the whole batch in one transaction unless one of it is poisonous."""
        now = self.clock.now()
        due = {one: it for one, it in self.wanted.items() if it[0] <= now}
        expected: Counter[str] = Counter()
        if self.poisonous & due.keys() and crash == "after the commit":
            crash = ""  # Of singles there are many commits; to die after one is to die before one.
        if crash != "before the commit":
            for one, (_, setting) in due.items():
                if one in self.poisonous:
                    self.wanted[one] = (now + POSTPONED, setting)
                    continue
                expected[f"{one} {setting}"] += 1
                if one in self.again:
                    self.wanted[one] = (now + timedelta(seconds=7), setting + "+")
                else:
                    del self.wanted[one]
        self.killed(self.loop.fire(), crash)
        told = Counter(
            f"{one.data.key} {one.data.text}"
            for one in self.published()
            if isinstance(one.data, AddNote)
        )
        assert told == expected
        self.fired += told

    # ------------------------------------------------------------- what must hold
    @invariant()
    def all_is_well(self) -> None:
        assert {one: at for one, (_, at) in self.timers_set().items()} == {
            one: at for one, (at, _) in self.wanted.items()
        }
        assert self.run(self.store.next_due()) == min(
            (at for at, _ in self.wanted.values()), default=None
        )
        assert all(count == 1 for count in self.fired.values()), "once for each setting"

    def ends(self) -> None:
        """Healed, every timer that is set fires."""
        self.poisonous.clear()
        self.again.clear()
        self.clock.advance(timedelta(days=1))
        self.fires("")
        assert not self.wanted
        assert not self.timers_set()


@pytest.mark.parametrize("backend", ["memory", "sqlite"])
def test_every_timer_fires_once_for_each_setting(backend: Backend) -> None:
    run_machine(lambda: Ticking(backend), 40 if backend == "memory" else 10)
