"""Between claim and call: lanes, leases, stops, and a last look."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

import pytest

from notifier.adapters.attempts import Attempts
from notifier.adapters.lanes import FIRST_ROOM, LANE_ROOM, QUICKLY, Lanes, lane_of
from notifier.adapters.sender import Sender
from notifier.domain.contact import ContactMethod
from notifier.domain.notification import Notification
from notifier.domain.retrying import LEASE
from notifier.ports import Job
from tests.unit.notifier.making import MAIL, SECRET, notification, page
from tests.unit.notifier.world import FakeChannel
from tocsin.channels import ChannelInfo, Config, Delivered, Unknown
from tocsin.testing import START, ManualClock

INFO = ChannelInfo("webhook", max_in_flight=6, max_in_flight_per_host=2)


def at(host: str, identity: str) -> Notification:
    return notification(identity, contact=ContactMethod("phone", "webhook", f"https://{host}/x"))


def job(one: Notification) -> Job:
    return Job(one.claim(START).notification, page(), None)


class Stand:
    """A sender over one channel that can be held, and over claims that somebody else may void."""

    def __init__(self) -> None:
        self.clock = ManualClock()
        self.phone = FakeChannel(INFO)
        self.void: set[str] = set()
        self.looks: list[int] = []
        self.away = False
        attempts = Attempts({"webhook": self.phone}, secret=SECRET, public_url="")
        self.sender = Sender(attempts, self.clock, self.still_wanted)

    async def still_wanted(self, jobs: Sequence[Job]) -> set[tuple[str, int]]:
        self.looks.append(len(jobs))
        if self.away:
            raise OSError("the database is away")
        found = {(one.notification.notification_id, one.notification.fence) for one in jobs}
        return {one for one in found if one[0] not in self.void}

    async def turns(self) -> None:
        for _ in range(30):
            await asyncio.sleep(0)

    @property
    def results(self) -> list[tuple[str, object]]:
        return [(one.job.notification.notification_id, one.result) for one in self.sender.finished]


@pytest.mark.parametrize(
    ("address", "lane"),
    [
        ("https://Push.Example.org/ada", "push.example.org"),
        ("https://u:p@push.example.org:8443/x", "push.example.org:8443"),
        ("ada@example.org", ""),
        ("https://[::1", "https://[::1"),
    ],
)
def test_a_lane_is_a_channel_and_a_host(address: str, lane: str) -> None:
    one = notification(contact=ContactMethod("phone", "webhook", address))

    assert lane_of(one) == ("webhook", lane)


async def test_a_host_that_hangs_holds_up_only_itself() -> None:
    stand = Stand()
    stand.phone.hold = asyncio.Event()
    stand.sender.submit([job(at("dead.example", f"d-{n}")) for n in range(10)])
    stand.sender.submit([job(at("live.example", "l-1"))])
    await stand.turns()

    hosts = [address for _, address, _ in stand.phone.told]
    assert hosts == ["https://dead.example/x"] * 2 + ["https://live.example/x"]
    assert stand.sender.states()["webhook"].in_flight == 3
    assert stand.sender.states()["webhook"].queued == 8

    stand.phone.hold.set()
    await stand.turns()
    assert len(stand.phone.told) == 11
    assert not stand.sender.is_busy or stand.sender.finished


async def test_a_full_lane_admits_no_more_and_the_others_do() -> None:
    lanes = Lanes({"webhook": INFO})
    lanes.put([job(at("dead.example", f"d-{n}")) for n in range(FIRST_ROOM - 1)])

    admitted = lanes.admit([at("dead.example", "a"), at("dead.example", "b"), at("x.example", "c")])

    assert admitted == [True, False, True]


@pytest.mark.parametrize(
    ("takes", "again"),
    [
        ([0.1], 2 * FIRST_ROOM),
        ([0.1, 0.1], 4 * FIRST_ROOM),
        ([QUICKLY], FIRST_ROOM),
        ([0.1, 0.1, QUICKLY], 2 * FIRST_ROOM),
        ([0.1] * 9, LANE_ROOM),
    ],
)
async def test_a_lane_holds_what_it_can_soon_be_rid_of(takes: list[float], again: int) -> None:
    now = [0.0]
    lanes = Lanes({"webhook": INFO}, lambda: now[0])
    for seconds in takes:
        taken = fill(lanes)
        now[0] += seconds
        empty(lanes, taken)

    assert fill(lanes) == again
    assert lanes.queued == again


def fill(lanes: Lanes) -> int:
    """Put in what it takes of more than it takes; return how many that were."""
    wanted = [at("host.example", f"n-{n}") for n in range(LANE_ROOM + 1)]
    taken = [job(one) for one, fits in zip(wanted, lanes.admit(wanted), strict=True) if fits]
    lanes.put(taken)
    return len(taken)


def empty(lanes: Lanes, count: int) -> None:
    while count:
        for one in list(lanes.take()):
            lanes.done(one)
            count -= 1


async def test_a_stopped_claim_is_not_begun() -> None:
    stand = Stand()
    stand.sender.submit([job(at("a.example", "n-1")), job(at("a.example", "n-2"))])
    stand.sender.stop(["n-1", "n-unknown"])
    await stand.turns()

    assert [identity for identity, _, _ in stand.phone.told] == ["n-2"]
    assert stand.results == [("n-1", None), ("n-2", Delivered())]
    assert stand.sender._stopped == set()


async def test_a_lease_that_would_not_outlast_the_call_is_given_back() -> None:
    stand = Stand()
    stand.clock.advance(LEASE - timedelta(seconds=11))
    stand.sender.submit([job(at("a.example", "n-1"))])
    await stand.turns()

    assert stand.phone.told == []
    assert stand.results == [("n-1", None)]


async def test_claims_that_waited_are_looked_at_again_together() -> None:
    stand = Stand()
    stand.clock.advance(timedelta(seconds=1))
    stand.void = {"n-1"}
    stand.sender.submit([job(at(f"{n}.example", f"n-{n}")) for n in range(4)])
    await stand.turns()

    assert stand.looks == [4]
    assert sorted(identity for identity, _, _ in stand.phone.told) == ["n-0", "n-2", "n-3"]
    assert ("n-1", None) in stand.results


async def test_alone_on_its_database_nobody_is_asked_and_a_stop_is_heard() -> None:
    phone, clock = FakeChannel(INFO), ManualClock()
    sender = Sender(Attempts({"webhook": phone}, secret=SECRET, public_url=""), clock)
    clock.advance(timedelta(seconds=1))
    sender.submit([job(at("a.example", "n-1")), job(at("a.example", "n-2"))])
    sender.stop(["n-1"])
    for _ in range(30):
        await asyncio.sleep(0)

    assert [identity for identity, _, _ in phone.told] == ["n-2"]


async def test_a_fresh_claim_is_not_looked_at() -> None:
    stand = Stand()
    stand.sender.submit([job(at("a.example", "n-1"))])
    await stand.turns()

    assert stand.looks == []
    assert len(stand.phone.told) == 1


async def test_without_the_database_a_page_goes_out_all_the_same() -> None:
    stand = Stand()
    stand.away = True
    stand.clock.advance(timedelta(seconds=1))
    stand.sender.submit([job(at("a.example", "n-1"))])
    await stand.turns()

    assert len(stand.phone.told) == 1


async def test_a_channel_that_never_returns_is_cut_off() -> None:
    phone = FakeChannel(ChannelInfo("webhook", deadline=timedelta(seconds=-0.95)))
    phone.hold = asyncio.Event()
    attempts = Attempts({"webhook": phone}, secret=SECRET, public_url="")

    result = await attempts.attempt(job(at("a.example", "n-1")), START)

    assert result == Unknown("webhook took longer than it may")


async def test_what_cannot_update_is_not_updated() -> None:
    class OneWay:
        info = ChannelInfo("email")

        async def send(self, *_: object) -> Delivered:
            raise AssertionError("an update is not a page")

    attempts = Attempts({"email": OneWay()}, secret=SECRET, public_url="")
    update = replace(notification(contact=MAIL), purpose="update")

    assert await attempts.attempt(job(update), START) == Config("email cannot update")
