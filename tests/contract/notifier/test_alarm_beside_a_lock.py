"""An alarm that finds a due notification locked must not be the last one."""

from datetime import timedelta

import pytest

from notifier.adapters.memory import MemoryNotifierUnitOfWork
from notifier.adapters.sql import SqlNotifierUnitOfWork
from notifier.domain.notification import Notification
from notifier.handlers.sending import SendingHandlers
from notifier.ports import Dispatcher, NotifierUnitOfWork
from tests.contract.conftest import MakeStore
from tests.unit.notifier.making import MAIL, no_posts, notification, page
from tests.unit.notifier.world import World
from tocsin.testing import START, ManualClock
from tocsin.unit_of_work import Store


@pytest.fixture
def backend() -> str:
    return "postgres"


@pytest.fixture
async def store(make_store: MakeStore) -> Store[NotifierUnitOfWork]:
    return await make_store(MemoryNotifierUnitOfWork, SqlNotifierUnitOfWork, "notifier")


@pytest.mark.postgres
async def test_a_due_notification_that_was_locked_is_looked_at_again(
    store: Store[NotifierUnitOfWork], clock: ManualClock
) -> None:
    due: Notification = notification(contact=MAIL)
    async with store.begin() as uow:
        await uow.pages.add([page()])
        await uow.notifications.add([due])
    clock.move_to(START + timedelta(seconds=1))
    sender: Dispatcher = World().app.workers[0]._sender  # type: ignore[attr-defined]
    handlers = SendingHandlers(sender, no_posts())
    async with store.begin() as other:  # A companion's outcome is just being recorded.
        await other.notifications.of_pages({"page-1"})
        async with store.begin() as uow:
            await handlers.on_alarm(uow, clock.now())

    assert await store.next_due() is not None
