"""The auditor: what is overdue is done again, told by the second path, and told when it is over."""

from collections.abc import Sequence
from datetime import datetime, timedelta

import pytest
from starlette.applications import Starlette

from tocsin.alarm import Alarms
from tocsin.application import Application
from tocsin.auditor import Auditor
from tocsin.errors import Unavailable
from tocsin.findings import Alarm, Finding
from tocsin.obligations import Obligation
from tocsin.testing import START, ManualClock, MemoryStore, MemoryUnitOfWork
from tocsin.unit_of_work import Timer, UnitOfWork

MINUTE = timedelta(minutes=1)
OPS = "mailto:ops@example.org"
CHAT = "https://chat.example.org/hook/secret"


class Held:
    """A lease that is ours, or is not."""

    ours = True

    async def holds(self) -> bool:
        return self.ours


class World:
    """One auditor over a store in memory, with its addresses."""

    def __init__(self, *addresses: str) -> None:
        self.clock = ManualClock()
        self.store = MemoryStore(MemoryUnitOfWork)
        self.acted: list[list[str]] = []
        self.refused: set[str] = set()
        self.error: Exception | None = None
        self.findings: list[Finding] = []
        self.lasting: list[Finding] = []
        self.mistake: Exception | None = None
        self.blind: Exception | None = None
        self.sent: list[tuple[str, str]] = []
        self.deaf: set[str] = set()
        self.lease = Held()
        application = Application[MemoryUnitOfWork](
            name="things",
            store=self.store,
            clock=self.clock,
            subscriptions=(),
            on_timers=self._on_timers,
            http=Starlette(),
            on_overdue=self._act,
            on_look=self._look_further,
        )
        self.alarms = Alarms(addresses, self._send, self._monotonic)
        self.auditor = Auditor(application, self._look, self.lease, self.alarms, "the manual")

    async def owe(self, name: str, version: int = 0) -> None:
        promise = Obligation(name, "paged", name, f"{name} is done", START, START + MINUTE, version)
        async with self.store.begin() as uow:
            await uow.ledger.owe([promise])

    async def discharge(self, name: str) -> None:
        async with self.store.begin() as uow:
            await uow.ledger.discharge({name: 0})

    async def at(self, minutes: float) -> list[tuple[str, str]]:
        """Look at this time; return what was sent by it."""
        self.clock.move_to(START + minutes * MINUTE)
        self.sent.clear()
        await self.auditor.audit()
        return list(self.sent)

    async def _act(self, uow: UnitOfWork, overdue: Sequence[Obligation], now: datetime) -> None:
        del uow, now
        names = [one.obligation_id for one in overdue]
        if self.error is not None and (not self.refused or self.refused & set(names)):
            raise self.error
        self.acted.append(names)

    def _monotonic(self) -> float:
        return (self.clock.now() - START).total_seconds()

    async def _on_timers(self, uow: UnitOfWork, timers: Sequence[Timer], now: datetime) -> None:
        raise AssertionError(f"nothing is timed here: {uow} {timers} {now}")

    async def _look(self, now: datetime) -> list[Finding]:
        del now
        if self.blind is not None:
            raise self.blind
        return self.findings

    async def _look_further(self, uow: UnitOfWork, now: datetime) -> list[Finding]:
        del uow, now
        if self.mistake is not None:
            raise self.mistake
        return self.lasting

    async def _send(self, address: str, alarm: Alarm) -> None:
        if address in self.deaf:
            raise OSError("refused")
        self.sent.append((address, alarm.subject))


@pytest.fixture
def world() -> World:
    return World(OPS)


ONE = (OPS, "[Tocsin] things: 1 overdue")
TWO = (OPS, "[Tocsin] things: 2 overdue")
OVER = (OPS, "[Tocsin] things: nothing is overdue any more")


async def test_what_is_done_in_time_rings_nobody(world: World) -> None:
    await world.owe("a")
    assert await world.at(0.9) == []
    await world.discharge("a")
    assert await world.at(30) == []
    assert world.acted == []


async def test_what_is_overdue_is_done_again_and_told_and_told_when_it_is_over(
    world: World,
) -> None:
    await world.owe("a")
    assert await world.at(1) == [ONE]
    assert world.acted == [["a"]]
    assert await world.at(1.2) == []
    await world.discharge("a")
    assert await world.at(1.3) == [OVER]
    assert await world.at(40) == []


async def test_all_that_is_overdue_is_one_message(world: World) -> None:
    await world.owe("a")
    await world.owe("b")
    assert await world.at(2) == [TWO]


async def test_it_is_done_again_every_five_minutes_and_told_every_fifteen(world: World) -> None:
    await world.owe("a")
    told = [await world.at(1 + number) for number in range(31)]
    assert [number for number, one in enumerate(told) if one] == [0, 15, 30]
    assert len(world.acted) == 7


async def test_only_the_replica_with_the_lease_acts_and_tells(world: World) -> None:
    await world.owe("a")
    world.lease.ours = False
    world.findings = [Finding("outbox", START, "stands still", shared=True)]
    assert await world.at(2) == []
    assert world.acted == []
    world.findings = [Finding("consumer x", START, "fails")]  # Nobody else can see that.
    assert await world.at(3) == [(OPS, "[Tocsin] things: consumer x")]


async def test_nothing_is_done_again_while_what_was_said_first_has_not_left(
    world: World,
) -> None:
    await world.owe("a")
    world.findings = [Finding("outbox", START, "stands still", shared=True)]
    assert await world.at(2) == [(OPS, "[Tocsin] things: 1 overdue, outbox")]
    assert world.acted == []
    world.findings = []
    await world.at(3)
    assert world.acted == [["a"]]


@pytest.mark.parametrize("error", [Unavailable("no catalog yet"), ValueError("a bug")])
async def test_the_alarm_does_not_wait_for_what_cannot_be_done(
    world: World, error: Exception
) -> None:
    await world.owe("a")
    world.error = error
    assert await world.at(2) == [ONE]
    assert world.acted == []


async def test_one_that_cannot_be_done_again_does_not_hold_up_the_others(world: World) -> None:
    for name in ("a", "b", "c"):
        await world.owe(name)
    world.error, world.refused = ValueError("a bug"), {"b"}
    await world.at(2)
    assert world.acted == [["a"], ["c"]]
    await world.at(3)
    assert world.acted == [["a"], ["c"]]  # Its turn comes with the others'.


async def test_an_address_that_does_not_take_it_is_tried_again_by_itself() -> None:
    world = World(OPS, CHAT)
    world.deaf = {CHAT}
    await world.owe("a")
    assert await world.at(1) == [ONE]
    assert world.alarms.failing == ["https://chat.example.org"]
    assert world.auditor.troubles() == []
    world.deaf = set()
    assert await world.at(1.05) == []  # Not at once: after five seconds.
    assert await world.at(1.2) == [(CHAT, "[Tocsin] things: 1 overdue")]
    assert world.alarms.failing == []


async def test_while_nobody_takes_it_the_heartbeat_is_withheld(world: World) -> None:
    world.deaf = {OPS}
    await world.owe("a")
    assert await world.at(1) == []
    assert world.auditor.troubles() == ["something is overdue, and nobody could be told"]
    world.deaf = set()
    assert await world.at(2) == [ONE]
    assert world.auditor.troubles() == []


async def test_nobody_needs_to_hear_any_more_of_what_is_settled(world: World) -> None:
    world.deaf = {OPS}
    await world.owe("a")
    assert await world.at(1) == []
    await world.discharge("a")
    assert await world.at(2) == []
    assert world.auditor.troubles() == []
    world.deaf = set()
    assert await world.at(5) == []  # They heard of no alarm, so they hear of no end.


async def test_with_no_address_at_all_the_heartbeat_is_withheld_until_it_is_well() -> None:
    world = World()
    await world.owe("a")
    await world.at(1)
    assert world.auditor.troubles() == ["something is overdue, and nobody could be told"]
    await world.discharge("a")
    await world.at(2)
    assert world.auditor.troubles() == []


async def test_a_database_that_does_not_answer_is_told_of_after_a_minute(world: World) -> None:
    world.blind = OSError("away")
    assert await world.at(1) == []
    assert await world.at(1.9) == []
    assert await world.at(2.1) == [(OPS, "[Tocsin] things: database")]
    world.blind = None
    assert await world.at(3) == [OVER]


async def test_a_new_cycle_is_told_of_although_the_last_was(world: World) -> None:
    await world.owe("a")
    assert await world.at(2) == [ONE]
    await world.discharge("a")
    await world.owe("a", version=5)  # Due in the past, as the clock stands.
    assert await world.at(4) == [ONE]


async def test_what_is_owed_anew_before_it_was_struck_off_is_what_they_were_told_of(
    world: World,
) -> None:
    await world.owe("a")
    assert await world.at(2) == [ONE]
    await world.owe("a", version=5)
    assert await world.at(4) == []
    assert await world.at(17) == [ONE]


async def test_a_database_that_is_away_for_a_moment_is_no_all_clear(world: World) -> None:
    await world.owe("a")
    assert await world.at(1) == [ONE]
    world.blind = OSError("away")
    assert await world.at(1.5) == []
    world.blind = None
    assert await world.at(1.6) == []
    await world.discharge("a")
    assert await world.at(1.7) == [OVER]


async def test_who_lost_the_lease_gives_no_all_clear_for_who_has_it(world: World) -> None:
    await world.owe("a")
    assert await world.at(1) == [ONE]
    world.lease.ours = False
    assert await world.at(2) == []
    assert world.auditor.debts.overdue == 1  # It is seen all the same.


CALENDAR = Finding("calendar of ada", START, "cannot be read", shared=True, lasting=True)
BROKEN = (OPS, "[Tocsin] things: calendar of ada")


async def test_what_lasts_is_told_once_and_then_daily(world: World) -> None:
    world.lasting = [CALENDAR]
    quarters = range(0, 3 * 24 * 60, 15)
    told = {minutes: sent for minutes in quarters if (sent := await world.at(minutes))}
    assert told == {0: [BROKEN], 24 * 60: [BROKEN], 48 * 60: [BROKEN]}


async def test_what_lasts_holds_back_no_all_clear(world: World) -> None:
    world.lasting = [CALENDAR]
    assert await world.at(0) == [BROKEN]
    await world.owe("a")
    assert await world.at(2) == [(OPS, "[Tocsin] things: 1 overdue, calendar of ada")]
    await world.discharge("a")
    assert await world.at(3) == [OVER]
    assert await world.at(20) == []


async def test_nor_on_a_replica_that_leaves_it_to_another(world: World) -> None:
    world.lasting, world.lease.ours = [CALENDAR], False
    world.findings = [Finding("consumer x", START, "fails")]
    assert await world.at(1) == [(OPS, "[Tocsin] things: consumer x")]
    world.findings = []
    assert await world.at(2) == [OVER]


@pytest.mark.parametrize("addresses", [(), (OPS,)])
async def test_no_heartbeat_is_withheld_for_what_lasts(addresses: tuple[str, ...]) -> None:
    world = World(*addresses)
    world.lasting, world.deaf = [CALENDAR], {OPS}
    await world.at(1)
    assert world.auditor.troubles() == []


async def test_a_mistake_in_what_a_service_looks_at_does_not_end_the_looking(world: World) -> None:
    world.mistake = ValueError("a bug")
    await world.owe("a")
    assert await world.at(2) == [ONE]
    assert world.acted == [["a"]]


async def test_a_database_that_goes_away_while_a_service_looks_is_seen(world: World) -> None:
    world.mistake = OSError("away")
    await world.at(1)
    assert await world.at(2.1) == [(OPS, "[Tocsin] things: database")]
