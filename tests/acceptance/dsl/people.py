"""The people: how they are reached, what they are told, what they do."""

import re
from collections.abc import Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from tests.acceptance.dsl.arrangements import Pageable
from tests.acceptance.dsl.devices import Device, Message
from tests.acceptance.dsl.drivers import Answer
from tests.acceptance.dsl.incidents import Incident
from tocsin import durations

if TYPE_CHECKING:
    from tests.acceptance.dsl.world import World

AT_ONCE = timedelta(0)


class Responder:
    """Somebody who can be paged; by phone, unless the scenario says otherwise."""

    def __init__(self, world: "World", name: str) -> None:
        self._world = world
        self.name = name
        self.devices: dict[str, Device] = {}
        self._rules: list[tuple[str, str, timedelta]] = []
        self.phone = self._gets("phone")
        self._rules = [("high", "phone", AT_ONCE), ("low", "phone", AT_ONCE)]
        self._notices: dict[str, Any] = {}
        self._read = 0

    def target(self) -> dict[str, str]:
        """Return this person, as a target."""
        return {"user": self._world.own(self.name)}

    @property
    def mail(self) -> Device:
        """The mailbox, of somebody who has one."""
        return self.devices["mail"]

    def also_has(self, device: str, after: timedelta) -> "Responder":
        """Be reachable by another device as well, this long after the first."""
        self._gets(device)
        self._rules.append(("high", device, after))
        self._world.rearranged()
        return self

    def takes_low_urgency_by(self, device: str) -> "Responder":
        """Be told of what can wait by this device only."""
        if device not in self.devices:
            self._gets(device)
        self._rules = [rule for rule in self._rules if rule[0] != "low"]
        self._rules.append(("low", device, AT_ONCE))
        self._world.rearranged()
        return self

    def wants_notices(self, on_call: str = "", off_call: str = "") -> "Responder":
        """Be told on the phone, so long before, of going on call, and off it."""
        self._notices = {
            "on_call": [on_call] if on_call else [],
            "off_call": [off_call] if off_call else [],
            "contact_method": "phone",
        }
        self._world.rearranged()
        return self

    def has_no_contact_method(self) -> "Responder":
        """Be somebody whom nothing reaches."""
        self.devices, self._rules = {}, []
        self._world.rearranged()
        return self

    def is_paged(
        self, title: str, by: str = "", after: timedelta | None = None, saying: str = ""
    ) -> None:
        """Read one page about this, that came so long after the beginning, and says that."""
        __tracebackhide__ = True
        page = self._world.driver.sees(lambda: self._take(title, by))
        if page is None:
            device = f" by {by}" if by else ""
            self._world.complain(f"{self.name} has no page about {title!r}{device}")
        if saying not in page.text:
            self._world.complain(f"the page does not say {saying!r} but:\n{page.text}\n")
        if after is not None:
            self._world.check_time(self.name, page.at, after)

    def is_paged_for_all(self, *titles: str, by: str = "", saying: str = "") -> None:
        """Read one page about all of these together; `saying` is something that it says."""
        __tracebackhide__ = True
        page = self._world.driver.sees(lambda: self._take_summary(set(titles), by))
        if page is None:
            self._world.complain(f"{self.name} has no page about all of {sorted(titles)}")
        elif saying not in page.text:
            self._world.complain(f"the page does not say {saying!r} but:\n{page.text}\n")

    async def is_paged_in_the_end(self, title: str, within: timedelta) -> None:
        """Read one page about this, now or after this long at the latest."""
        __tracebackhide__ = True
        if self._take(title, "") is None:
            await self._world.driver.passes(within)
            self.is_paged(title)

    def is_told(self, status: str, title: str) -> None:
        """Have been told, without being paged, that the incident is now in this state."""
        __tracebackhide__ = True
        told = self._world.driver.sees(lambda: self._has_been_told(status, title) or None)
        if not told:
            self._world.complain(f"nobody told {self.name} that {title!r} is {status}")

    def has_notices(self, *titles: str) -> None:
        """Have had these notices of handoffs, and no others, since last asked; "in …" left out."""
        __tracebackhide__ = True
        # A repeat under the same identity is the same message: its sender died before it knew.
        found = {
            one.delivery_id: re.sub(" in [^:]+:", ":", self._world.plain(one.title))
            for device in self.devices.values()
            for one in device.received
            if one.purpose == "notice"
        }
        received = list(found.values())
        fresh, self._read = received[self._read :], len(received)
        assert fresh == list(titles), f"{self.name} was noticed {fresh}, not {list(titles)}"

    async def acknowledges(self, incident: Incident, *, by_api: bool = False) -> None:
        """Press the button of the page; without a page, or if asked to, say so by the API."""
        identity = await incident.identity()
        links = [] if by_api else [device.link_to(identity) for device in self.devices.values()]
        if link := next(filter(None, links), ""):
            await self._world.press(link)
        else:
            await self._asks(incident, "acknowledge")

    async def cannot_acknowledge(self, incident: Incident, because: str) -> None:
        """Be refused, and be told why."""
        answer = await self._order(incident, "acknowledge")
        reason = self._world.plain(str(answer.expect(409)["detail"]))
        assert because in reason, reason

    async def resolves(self, incident: Incident) -> None:
        """Say that it is over."""
        await self._asks(incident, "resolve")

    async def snoozes(self, incident: Incident, duration: timedelta) -> None:
        """Ask to be paged again later."""
        until = self._world.driver.now() + duration
        await self._asks(incident, "snooze", until=until.isoformat())

    async def escalates(self, incident: Incident, *to: Pageable, reason: str = "") -> None:
        """Ask for the next level now; or for these, by name, as well."""
        await self._asks(incident, "escalate", to=_names(to), reason=reason)

    async def reassigns(self, incident: Incident, *to: Pageable, reason: str = "") -> None:
        """Make it their business."""
        await self._asks(incident, "reassign", to=_names(to), reason=reason)

    async def cannot_reassign(self, incident: Incident, to: str, because: str) -> None:
        """Be refused, and be told why."""
        answer = await self._order(incident, "reassign", to=[self._world.own(to)])
        reason = self._world.plain(str(answer.expect(409, 422)["detail"]))
        assert because in reason, reason

    async def notes(self, incident: Incident, text: str) -> None:
        """Write something down."""
        await self._asks(incident, "note", text=text)

    def document(self) -> dict[str, Any]:
        """Return the person as a document."""
        methods = []
        for device in self.devices.values():
            address = self._world.driver.connect(device)
            methods.append(
                {"name": device.name, "channel": address.channel, "address": address.address}
            )
        rules = [
            {"urgency": urgency, "contact_method": device, "after": durations.text(after)}
            for urgency, device, after in self._rules
        ]
        spec: dict[str, Any] = {"contact_methods": methods, "notification_rules": rules}
        if self._notices:
            spec["handoff_notices"] = self._notices
        return {"kind": "User", "name": self._world.own(self.name), "spec": spec}

    def _gets(self, name: str) -> Device:
        self.devices[name] = Device(self.name, name)
        self._world.devices.append(self.devices[name])
        return self.devices[name]

    def _take(self, title: str, by: str) -> Message | None:
        wanted = [self.devices[by]] if by else list(self.devices.values())
        return next(filter(None, (device.take(title) for device in wanted)), None)

    def _take_summary(self, titles: set[str], by: str) -> Message | None:
        wanted = [self.devices[by]] if by else list(self.devices.values())
        return next(filter(None, (device.take_summary(titles) for device in wanted)), None)

    def _has_been_told(self, status: str, title: str) -> bool:
        return any(
            (one.purpose, one.status, one.title) == ("update", status, title)
            for device in self.devices.values()
            for one in device.received
        )

    async def _asks(self, incident: Incident, verb: str, **more: str | list[str]) -> None:
        (await self._order(incident, verb, **more)).expect(200, 202)

    async def _order(self, incident: Incident, verb: str, **more: str | list[str]) -> Answer:
        path = f"/v1/incidents/{await incident.identity()}/{verb}"
        order = {"by": self._world.own(self.name), **more}
        return await self._world.driver.ask("incident-intake", "POST", path, order)


def _names(to: Sequence[Pageable]) -> list[str]:
    return [f"{kind}:{name}" for one in to for kind, name in one.target().items()]
