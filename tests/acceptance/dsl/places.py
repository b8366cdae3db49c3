"""Channels and webhooks that a level tells: they wake nobody, and keep what arrived there."""

from typing import TYPE_CHECKING, Any, Literal

from tests.acceptance.dsl.devices import Device

if TYPE_CHECKING:
    from tests.acceptance.dsl.world import World


class Place:
    """A chat's channel, or the address of a webhook."""

    def __init__(self, world: "World", kind: Literal["channel", "webhook"], name: str) -> None:
        self._world = world
        self._kind = kind
        self.name = name
        self.device = Device(f"{kind}-{name}", kind)

    def target(self) -> dict[str, str]:
        """Return it, as a target."""
        return {self._kind: self._world.own(self.name)}

    def document(self) -> dict[str, Any]:
        """Return it as a document: a channel is the chat of a team."""
        reached = self._world.driver.connect(self.device)
        name = self._world.own(self.name)
        if self._kind == "channel":
            return {
                "kind": "Team",
                "name": name,
                "spec": {"chat": {reached.channel: reached.address}},
            }
        return {"kind": "Webhook", "name": name, "spec": {"url": reached.url}}

    def is_told(self, title: str, times: int = 1) -> None:
        """Have been told of this so often, repeats of one message aside."""
        __tracebackhide__ = True
        found = self._world.driver.sees(lambda: len(self._about(title)) == times or None)
        if not found:
            said = len(self._about(title))
            self._world.complain(f"{self.name} was told {said} times of {title!r}, not {times}")

    def knows_that(self, title: str, status: str) -> None:
        """Have been told what became of it."""
        __tracebackhide__ = True
        told = [(one.title, one.status) for one in self.device.received if one.purpose == "update"]
        if (title, status) not in told:
            self._world.complain(f"nobody told {self.name} that {title!r} is {status}")

    def _about(self, title: str) -> set[str]:
        return {
            one.delivery_id
            for one in self.device.received
            if (one.purpose, one.title) == ("announcement", title)
        }
