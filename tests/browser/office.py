"""Slack as the people of the house have it: who they are there, and what they see."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from tests.browser.conftest import NOWHERE
from tests.security.house import House, catalog
from tests.slack.presses import Clients
from tests.slack.server import Slack
from tests.slack.workspace import Message
from tests.slack.world import PAYMENTS, PERSON
from tocsin.application import Application
from tocsin.testing import ManualClock, eventually

PATIENT = [{"targets": [{"schedule": "payments"}], "escalate_after": "2h"}]


def in_slack() -> list[dict[str, Any]]:
    """Return the house's organisation, reached in Slack: ada is on call, bob is in her team."""
    specs = {(one["kind"], one["name"]): one["spec"] for one in catalog(NOWHERE)}
    for name, identity in PERSON.items():
        method = {"name": "slack", "channel": "slack", "address": identity}
        specs["User", name] = {"contact_methods": [method], "chat": {"slack": identity}}
    specs["Team", "payments"] = {"members": [*PERSON], "chat": {"slack": PAYMENTS}}
    specs["EscalationPolicy", "payments"] |= {"levels": PATIENT}
    return [{"kind": kind, "name": name, "spec": spec} for (kind, name), spec in specs.items()]


@dataclass
class Office(Clients):
    """People at Slack's clients, before the whole house."""

    @property
    def channel(self) -> list[Message]:
        """What the team's channel shows."""
        return self._in(PAYMENTS)

    @property
    def direct(self) -> list[Message]:
        """What ada's direct messages show."""
        return self._in(f"D{PERSON['ada'][1:]}")

    def _in(self, conversation: str) -> list[Message]:
        messages = self.place.slack.workspace.messages
        return [one for one in messages if one.channel == conversation]


@dataclass
class There:
    """Where they act."""

    slack: Slack
    clock: ManualClock
    app: Application[Any]


async def moves_in(house: House, *more: dict[str, Any]) -> Office:
    """Reach the house's people in Slack; `more` documents are put into its catalog."""
    await house.apply([*in_slack(), *more])
    return Office(There(house.slack, house.clock, house.residents["notifier"].application))


async def becomes(true: Callable[[], bool]) -> None:
    """Wait until it is so."""

    async def look() -> bool:
        return true()

    await eventually(look)
