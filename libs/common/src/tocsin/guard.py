"""The guard of one process: the auditor and the heartbeat, put together from the settings."""

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from typing import Any

from tocsin.alarm import Alarms, by_second_path
from tocsin.application import Application
from tocsin.auditor import LEASE_LASTS, Auditor
from tocsin.heartbeat import Heartbeat
from tocsin.lease import Lease
from tocsin.settings import ServiceSettings
from tocsin.sql import SqlStore
from tocsin.vitals import Vitals

LOOK_AT = "`tocsin status`, GET {url}/v1/obligations/{name}?overdue=true, docs/operations.md"


class Guard:
    """Watches over what is owed, and says so by paths that are not ours."""

    def __init__(
        self,
        settings: ServiceSettings,
        application: Application[Any],
        store: SqlStore[Any],
        is_connected: Callable[[], bool],
        troubles: Callable[[], Sequence[str]],
    ) -> None:
        """Guard `application`; `is_connected` to Kafka, `troubles` of its process."""
        name, clock = application.name, application.clock
        self.auditor = Auditor(
            application,
            Vitals(store, is_connected),
            Lease(store.database, clock, "auditor", LEASE_LASTS),
            Alarms(
                settings.alarm,
                by_second_path(settings.alarm_smtp, settings.alarm_from, clock.now),
            ),
            LOOK_AT.format(url=settings.public_url or f"http://{settings.http}", name=name),
        )
        self.heartbeat = Heartbeat(
            settings.heartbeat,
            name,
            lambda: [*troubles(), *self.auditor.troubles()],
            every=settings.heartbeat_every,
        )

    def loops(self, until: asyncio.Event) -> list[tuple[str, Coroutine[Any, Any, None]]]:
        """Return what runs beside the service."""
        return [("auditor", self.auditor.run(until)), ("heartbeat", self.heartbeat.run(until))]

    def state(self) -> dict[str, bool | str | int]:
        """Return what readiness says of it; none of it makes a process not ready."""
        situation = self.auditor.situation
        state: dict[str, bool | str | int] = {"overdue": self.auditor.debts.overdue}
        if situation.findings:
            state["wrong"] = "; ".join(sorted(situation.keys))
        if self.auditor.unheard:
            state["alarm"] = "nobody could be told"
        return state
