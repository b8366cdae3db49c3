"""Notifier beside the strict fake: people in Slack, their team's channel, and a clock."""

from datetime import datetime, timedelta
from typing import Any

from notifier.adapters.channels.slack.channel import SlackChannel
from notifier.adapters.poster import Poster
from notifier.domain.post import Post
from tests.slack.server import Near, Slack
from tests.slack.workspace import BOT, Message, Workspace
from tests.unit.notifier.making import SECRET, asked, requested
from tests.unit.notifier.world import World, said, triggered
from tocsin.application import Application
from tocsin.catalog import Catalog, Service, Team, User
from tocsin.channels import Context
from tocsin.events import (
    Actor,
    Event,
    IncidentAcknowledged,
    IncidentEvent,
    IncidentResolved,
    IncidentTriggered,
)

PERSON = {"ada": "U0ADA", "bob": "U0BOB"}
PAYMENTS = "C0PAYMENTS"
OPTIONS = {"bot_token": BOT}


def user(name: str) -> User:
    """A person who is paged by Slack, and known there."""
    return User.model_validate(
        {
            "contact_methods": [{"name": "slack", "channel": "slack", "address": PERSON[name]}],
            "chat": {"slack": PERSON[name]},
        }
    )


CATALOG = {
    **{("User", name): user(name) for name in PERSON},
    ("Team", "payments"): Team(members=("ada", "bob"), chat={"slack": PAYMENTS}),
    ("Service", "checkout"): Service(team="payments"),
}


class ChatWorld(World):
    """A world with one channel, which is Slack."""

    def __init__(self, **options: str) -> None:
        super().__init__({})
        self.catalog.replace(Catalog(1, CATALOG))
        self.slack = Slack(Workspace(now=self.clock.now))
        self.near = Near(self.slack)
        self.options = OPTIONS | {"api": self.slack.api} | options
        self.start()

    def start(self) -> Application[Any]:
        """Start, or start again after a crash: what the channel knew is gone as well."""
        if hasattr(self, "near"):
            channel = SlackChannel(self.options, Context(self.near, SECRET))
            self.channels = {"slack": channel}
        return super().start()

    @property
    def poster(self) -> Poster:
        (found,) = [one for one in self.app.workers if isinstance(one, Poster)]
        return found

    @property
    def messages(self) -> list[Message]:
        return self.slack.workspace.messages

    def in_channel(self) -> list[Message]:
        """What the team's channel shows."""
        return [one for one in self.messages if one.channel == PAYMENTS]

    def told_to(self, name: str) -> list[Message]:
        """What a person's direct messages show."""
        return [one for one in self.messages if one.channel == f"D{PERSON[name][1:]}"]

    def posts(self) -> list[Post]:
        return list(self.store.tables.get("posts", {}).values())

    async def rings(self, *incidents: str, page: bool = True) -> None:
        """Let incidents begin, each with a page to ada."""
        await self.hears(*(said(opened(one), self.clock.now()) for one in incidents))
        if page:
            await self.hears(
                *(
                    asked(
                        requested(
                            f"page-{one}", incident_id=one, number=number(one), title=title(one)
                        ),
                        self.clock.now(),
                    )
                    for one in incidents
                )
            )
        await self.lasts(timedelta(0))

    async def moves(self, *events: IncidentEvent) -> None:
        """Let incidents move on."""
        await self.hears(*(said(one, self.clock.now()) for one in events))
        await self.lasts(timedelta(0))

    async def lasts(self, duration: timedelta) -> None:
        """Let time pass, stopping wherever something is to be done."""
        end = self.clock.now() + duration
        while True:
            await self.fires()
            await self.settles()
            while await self.poster.run_once():
                continue
            at = await self._next()
            if at is None or at > end:
                break
            self.clock.move_to(max(at, self.clock.now()))
        self.clock.move_to(end)

    async def _next(self) -> datetime | None:
        wakes = [one.wakes_at for one in self.posts() if one.wakes_at]
        due = await self.store.next_due()
        return min([*wakes, *([due] if due else [])], default=None)


def number(incident_id: str) -> int:
    return int(incident_id.partition("-")[2])


def title(incident_id: str) -> str:
    return f"Checkout {number(incident_id)} is slow"


def opened(incident_id: str) -> IncidentTriggered:
    return triggered(incident_id).model_copy(
        update={"number": number(incident_id), "title": title(incident_id)}
    )


def acked(incident_id: str, version: int = 2, by: str = "bob") -> IncidentAcknowledged:
    who = Actor(kind="user", name=by)
    return IncidentAcknowledged(incident_id=incident_id, version=version, by=who)


def over(incident_id: str, version: int = 3, by: str = "bob") -> IncidentResolved:
    who = Actor(kind="user", name=by)
    return IncidentResolved(incident_id=incident_id, version=version, by=who, reason="command")


def kinds(events: list[Event]) -> list[str]:
    return [type(one).__name__ for one in events]
