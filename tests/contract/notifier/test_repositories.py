"""Notifier's repositories: memory, SQLite and PostgreSQL keep the same promises."""

from dataclasses import replace
from datetime import timedelta

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext

from notifier.adapters.memory import MemoryNotifierUnitOfWork
from notifier.adapters.sql import METADATA, SqlNotifierUnitOfWork
from notifier.domain import reply
from notifier.domain.incident import Incident
from notifier.domain.linking import LIFETIME, ChatLink, hashed, offer
from notifier.domain.notification import Notification
from notifier.domain.on_call import OnCall
from notifier.domain.page import new_page
from notifier.domain.post import Post
from notifier.domain.states import (
    Attempt,
    Delivered,
    Failed,
    Retrying,
    Sending,
    Sent,
    State,
    Waiting,
    Withdrawn,
)
from notifier.ports import NotifierUnitOfWork
from tests.contract.conftest import MakeStore
from tests.unit.notifier.making import MAIL, SECRET, notification, page, requested
from tocsin.database import Database
from tocsin.events import AlertSummary, AnnouncementRequested, Envelope, Event
from tocsin.testing import START
from tocsin.unit_of_work import Store

HOSTILE = "nul\x00 quote' \u202e"
STATES: list[State] = [
    Waiting(START),
    Sending(START, "acknowledged by bob", "holder-1"),
    Retrying(START, HOSTILE),
    Sent(START, "m-1"),
    Delivered(START, ""),
    Failed(START, "target-gone", HOSTILE),
    Withdrawn(START, HOSTILE),
]
OVER = [state for state in STATES if not isinstance(state, Waiting | Sending | Retrying)]


@pytest.fixture
async def store(make_store: MakeStore) -> Store[NotifierUnitOfWork]:
    return await make_store(MemoryNotifierUnitOfWork, SqlNotifierUnitOfWork, "notifier")


@pytest.mark.parametrize("state", STATES, ids=lambda state: type(state).__name__)
async def test_a_notification_comes_back_as_it_was(
    store: Store[NotifierUnitOfWork], state: State
) -> None:
    written = notification(
        state=state,
        contact=replace(MAIL, address=HOSTILE),
        fence=3,
        attempt=2,
        repeat_possible=True,
        failed_over=True,
        answered_meanwhile=True,
        about="C1 42",
        attempts=(
            Attempt(1, START, "transient", HOSTILE, retry_at=START + timedelta(microseconds=1)),
            Attempt(2, START, "delivered", reference="m-1"),
        ),
        summary="n-1.0a1b2c",
        covers=("n-2", "n-3"),
        last_hope=True,
    )
    async with store.begin() as uow:
        await uow.notifications.add([written])

    async with store.read() as uow:
        assert await uow.notifications.of(["n-1", "unknown"], lock=False) == {"n-1": written}


async def test_what_exists_is_not_added_again(store: Store[NotifierUnitOfWork]) -> None:
    async with store.begin() as uow:
        await uow.notifications.add([notification(fence=4)])
    async with store.begin() as uow:
        await uow.notifications.add([notification(fence=0), notification("n-2")])

    async with store.read() as uow:
        found = await uow.notifications.of_pages(["page-1"])
    assert [(one.notification_id, one.fence) for one in found] == [("n-1", 4), ("n-2", 0)]


async def test_a_saved_notification_is_changed_and_no_other(
    store: Store[NotifierUnitOfWork],
) -> None:
    async with store.begin() as uow:
        await uow.notifications.add([notification("n-1"), notification("n-2")])
        claimed = notification("n-1").claim(START).notification
        await uow.notifications.save([claimed])
    async with store.begin() as uow:
        await uow.notifications.save([notification("n-3")])

    async with store.read() as uow:
        found = await uow.notifications.of_incidents(["inc-1"])
    assert found == [claimed, notification("n-2")]


async def test_what_is_due_comes_longest_due_first_and_bounded(
    store: Store[NotifierUnitOfWork],
) -> None:
    second = timedelta(seconds=1)
    waiting = [
        notification("n-1", state=Waiting(START)),
        notification("n-2", state=Retrying(START - second, "x")),
        notification("n-3", state=Sending(START - 2 * second)),
        notification("n-4", state=Waiting(START + second)),
    ]
    over: list[Notification] = [
        notification(f"n-over-{number}", state=state) for number, state in enumerate(OVER)
    ]
    async with store.begin() as uow:
        await uow.notifications.add([*waiting, *over])

    async with store.begin() as uow:
        due = await uow.notifications.due(START, 10)
        first = await uow.notifications.due(START, 1)
    assert [one.notification_id for one in due] == ["n-3", "n-2", "n-1"]
    assert [one.notification_id for one in first] == ["n-3"]


async def test_whether_anything_is_due(store: Store[NotifierUnitOfWork]) -> None:
    over = [notification(f"n-over-{number}", state=state) for number, state in enumerate(OVER)]
    async with store.begin() as uow:
        await uow.notifications.add([notification("n-1", state=Waiting(START)), *over])

    async with store.begin() as uow:
        assert not await uow.notifications.is_any_due(START - timedelta(microseconds=1))
        assert await uow.notifications.is_any_due(START)
        await uow.notifications.save([notification("n-1", state=OVER[0])])
        assert not await uow.notifications.is_any_due(START), "it sees what it wrote itself"


async def test_what_an_older_process_holds_is_found(store: Store[NotifierUnitOfWork]) -> None:
    older = notification("n-1").claim(START).notification
    ours = notification("n-2").claim(START + timedelta(seconds=5)).notification
    async with store.begin() as uow:
        await uow.notifications.add(
            [
                older,
                ours,
                notification("n-3"),
                *(notification(f"n-over-{n}", state=state) for n, state in enumerate(OVER)),
            ]
        )

    async with store.begin() as uow:
        found = await uow.notifications.claimed_before(START + timedelta(seconds=5), 10)
    assert found == [older]


async def test_a_list_goes_on_where_it_stopped(store: Store[NotifierUnitOfWork]) -> None:
    many = [notification(f"n-{n}", due_since=START + timedelta(seconds=n // 2)) for n in range(5)]
    async with store.begin() as uow:
        await uow.notifications.add([*many, notification("other", incident_id="inc-2")])

    async with store.read() as uow:
        start = await uow.notifications.listed("inc-1", None, 2)
        rest = await uow.notifications.listed("inc-1", (start[-1].due_since, "n-1"), 10)
    assert [one.notification_id for one in start] == ["n-0", "n-1"]
    assert [one.notification_id for one in rest] == ["n-2", "n-3", "n-4"]


async def test_a_page_comes_back_as_it_was(store: Store[NotifierUnitOfWork]) -> None:
    written = page(title=HOSTILE)
    async with store.begin() as uow:
        assert await uow.pages.add([written]) == {"page-1"}
        assert await uow.pages.add([page(title="another"), page("page-3")]) == {"page-3"}
        assert await uow.pages.add([]) == set()

    async with store.read() as uow:
        assert await uow.pages.of(["page-1"]) == {"page-1": written}
        assert await uow.pages.by_token(written.token_hash) == written
        assert await uow.pages.by_token("0" * 64) is None


async def test_what_is_told_to_a_channel_is_kept_as_a_page_without_a_link(
    store: Store[NotifierUnitOfWork],
) -> None:
    asked: Envelope[Event] = Envelope(
        data=AnnouncementRequested.model_validate(
            {**requested().model_dump(), "announcement_id": "ann-1", "target": "channel ops"}
        ),
        time=START,
        source="escalation",
        event_id="e-1",
    )
    written = new_page(asked, SECRET)
    async with store.begin() as uow:
        assert await uow.pages.add([written]) == {"ann-1"}
        assert await uow.pages.add([written]) == set()

    async with store.read() as uow:
        found = await uow.pages.of(["ann-1"])
        assert found == {"ann-1": written}
        assert found["ann-1"].is_announcement
        token = reply.link_token(SECRET, "ann-1")
        assert await uow.pages.by_token(reply.token_hash(token)) is None


async def test_the_latest_page_of_a_person(store: Store[NotifierUnitOfWork]) -> None:
    hour = timedelta(hours=1)
    async with store.begin() as uow:
        await uow.pages.add(
            [page("page-2", START + hour), page("page-1"), page("page-3", responder="bob")]
        )

    async with store.read() as uow:
        latest = await uow.pages.latest_of("ada")
        assert latest is not None
        assert latest.page_id == "page-2"
        assert await uow.pages.latest_of("carol") is None


async def test_a_used_link_is_remembered(store: Store[NotifierUnitOfWork]) -> None:
    async with store.begin() as uow:
        await uow.pages.add([page()])
        await uow.pages.save(replace(page(), link_used_at=START))

    async with store.read() as uow:
        assert (await uow.pages.of(["page-1"]))["page-1"].link_used_at == START


async def test_an_incident_comes_back_as_it_was(store: Store[NotifierUnitOfWork]) -> None:
    alert = AlertSummary(
        alert_id="a", dedup_key="d", title=HOSTILE, severity="error", source="generic"
    )
    written = Incident(
        "inc-1",
        version=3,
        status="acknowledged",
        number=7,
        title=HOSTILE,
        service="checkout",
        severity="critical",
        urgency="low",
        alerts=(alert,),
        more=4,
        answered_at_version=3,
        answered_by="bob",
    )
    async with store.begin() as uow:
        await uow.incidents.save([Incident("inc-1"), Incident("inc-2", number=8)])
    async with store.begin() as uow:
        await uow.incidents.save([written])

    async with store.read() as uow:
        assert await uow.incidents.of(["inc-1", "unknown"], lock=False) == {"inc-1": written}
        assert await uow.incidents.by_number(7) == written
        assert await uow.incidents.by_number(99) is None


async def test_an_interaction_is_heard_once_per_channel(store: Store[NotifierUnitOfWork]) -> None:
    async with store.begin() as uow:
        assert await uow.interactions.unseen("slack", ["1", "2"], START) == {"1", "2"}
    async with store.begin() as uow:
        assert await uow.interactions.unseen("slack", ["2", "3"], START) == {"3"}
        assert await uow.interactions.unseen("teams", ["2"], START) == {"2"}


async def test_a_post_comes_back_as_it_was_and_is_found_by_all_its_names(
    store: Store[NotifierUnitOfWork],
) -> None:
    one = Post("p-1", "slack", "C0", ("inc-1",), "hash-1", START, reason=HOSTILE)
    shared = replace(one, post_id="shared-2", token_hash="hash-2", wakes_at=START)
    later = START + timedelta(minutes=1)
    async with store.begin() as uow:
        await uow.posts.add([one, shared])
        await uow.posts.add([replace(one, address="elsewhere")])
    changed = replace(
        shared,
        incidents=("inc-1", "inc-2"),
        reference="C0 1.2",
        state="posting",
        wakes_at=later,
        versions=4,
        shown_at=START,
        fence=2,
    )
    async with store.begin() as uow:
        await uow.posts.save([changed, replace(one, post_id="unknown")])
        await uow.posts.tell([("shared-2", "inc-2"), ("shared-2", "inc-1")])

    async with store.begin() as uow:
        assert await uow.posts.of(["p-1", "shared-2", "unknown"]) == {
            "p-1": one,
            "shared-2": changed,
        }
        assert await uow.posts.of_incidents(["inc-1"]) == [one, changed]
        assert await uow.posts.of_incidents(["inc-2"]) == [changed]
        assert await uow.posts.by_token("hash-1") == one
        assert await uow.posts.by_token("hash-9") is None
        assert await uow.posts.by_reference("slack", "C0 1.2") == changed
        assert await uow.posts.by_reference("teams", "C0 1.2") is None
        assert await uow.posts.recent("slack", "C0", START - timedelta(seconds=1)) == [one, changed]
        assert await uow.posts.recent("slack", "C0", START) == []
        assert await uow.posts.due(START, 9) == []
        assert await uow.posts.due(later, 9) == [changed]


async def test_a_code_makes_a_link_once_and_not_after_its_time(
    store: Store[NotifierUnitOfWork],
) -> None:
    later = START + LIFETIME
    async with store.begin() as uow:
        await uow.chat_links.offer(offer("A-B", "slack", "U1", START))
        await uow.chat_links.offer(offer("C-D", "slack", "U2", START))
    async with store.begin() as uow:
        taken = await uow.chat_links.take(hashed("ab"), START)
        assert taken == offer("A-B", "slack", "U1", START)
        assert await uow.chat_links.take(hashed("ab"), START) is None
        assert await uow.chat_links.take(hashed("cd"), later) is None
        for subject, person in (("U1", "ada"), ("U2", "bob"), ("U1", "eve")):
            await uow.chat_links.save(ChatLink("slack", subject, person, START))
    async with store.begin() as uow:
        assert await uow.chat_links.person("slack", "U1") == "eve"
        assert await uow.chat_links.person("teams", "U1") is None
        (first,) = await uow.chat_links.listed(None, 1)
        assert first == ChatLink("slack", "U1", "eve", START)
        (second,) = await uow.chat_links.listed(("slack", "U1"), 9)
        assert second.person == "bob"
        assert await uow.chat_links.remove("slack", "U1")
        assert not await uow.chat_links.remove("slack", "U1")


async def test_who_is_on_call_is_what_was_said_last(store: Store[NotifierUnitOfWork]) -> None:
    now = OnCall("payments", ("ada",), START, START + LIFETIME, ("bob", "eve"))
    gap = OnCall("search", (), START)
    async with store.begin() as uow:
        await uow.on_call.save([gap, replace(now, responders=("bob",))])
        await uow.on_call.save([now, replace(gap, schedule="old")])
        await uow.on_call.remove(["old", "unknown"])
        await uow.on_call.save([])
        await uow.on_call.remove([])
    async with store.read() as uow:
        assert await uow.on_call.listed() == [now, gap]


async def test_open_incidents_are_listed_the_newest_first(
    store: Store[NotifierUnitOfWork],
) -> None:
    async with store.begin() as uow:
        await uow.incidents.save(
            [
                Incident("inc-1", number=1),
                Incident("inc-2", number=2, status="resolved"),
                Incident("inc-3", number=3, status="acknowledged"),
                Incident("inc-4"),
            ]
        )
    async with store.read() as uow:
        assert [one.number for one in await uow.incidents.open(9)] == [3, 1]
        assert [one.number for one in await uow.incidents.open(1)] == [3]


async def test_what_is_rolled_back_was_never_there(store: Store[NotifierUnitOfWork]) -> None:
    async def interrupted() -> None:
        async with store.begin() as uow:
            await uow.notifications.add([notification()])
            raise RuntimeError

    with pytest.raises(RuntimeError):
        await interrupted()

    async with store.read() as uow:
        assert await uow.notifications.of_pages(["page-1"]) == []


async def test_the_migration_makes_the_tables_that_the_code_knows(
    make_store: MakeStore, backend: str
) -> None:
    if backend == "memory":
        pytest.skip("memory has no tables to compare")
    store = await make_store(MemoryNotifierUnitOfWork, SqlNotifierUnitOfWork, "notifier")
    database: Database = store.database  # type: ignore[attr-defined]
    async with database.snapshot() as connection:
        differences = await connection.run_sync(
            lambda sync: compare_metadata(MigrationContext.configure(sync), METADATA)
        )
    changed = [one for one in differences if "alembic_version" not in str(one)]
    assert changed == []
