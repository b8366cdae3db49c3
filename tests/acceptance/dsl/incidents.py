"""An incident as people talk of it: its state, and its story."""

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tests.acceptance.dsl.world import World

_METHOD = re.compile(r"contact method ([\w-]+)")


@dataclass(frozen=True, slots=True)
class Line:
    """A line of an incident's story."""

    at: str
    text: str


class Incident:
    """What came of an alert. Of one that is suppressed, nothing has, yet."""

    def __init__(self, world: "World", service: str, field: str, value: str) -> None:
        self._world = world
        self._service = service
        self._field = field
        self._value = value
        self._identity: str | None = None

    async def look(self) -> None:
        """Find out which incident it is, if there is one by now."""
        if self._identity is None:
            self._identity = await self._world.driver.eventually(self._find)

    async def identity(self) -> str:
        """Return its id: for the language only, never for a scenario."""
        await self.look()
        if self._identity is None:
            self._world.complain(f"nothing came of the alert {self._value!r}")
        return self._identity

    async def is_triggered(self) -> None:
        """Be nobody's yet."""
        await self._is("triggered")

    async def is_acknowledged(self, by: str) -> None:
        """Be somebody's."""
        __tracebackhide__ = True
        item = await self._is("acknowledged")
        who = self._world.plain(str(item["acknowledged_by"]))
        assert by in who, f"acknowledged by {who}, not by {by}"

    async def is_resolved(self) -> None:
        """Be over."""
        await self._is("resolved")

    async def is_the_same_as(self, other: "Incident") -> None:
        """Be one with another."""
        assert await self.identity() == await other.identity(), "they are two incidents"

    async def is_another_than(self, other: "Incident") -> None:
        """Be an incident of its own."""
        assert await self.identity() != await other.identity(), "they are one incident"

    async def reads(self, *lines: str) -> None:
        """Have a story in which these lines come in this order; each may say more at its end."""
        __tracebackhide__ = True

        async def look() -> bool | None:
            told = [line.text for line in await self.story()]
            return True if _missing(told, lines) is None else None

        if await self._world.driver.eventually(look) is None:
            story = await self.story()
            missing = _missing([line.text for line in story], lines)
            told = "\n".join(f"  {line.at}  {line.text}" for line in story)
            self._world.complain(f"the story lacks {missing!r} at its place; it reads:\n{told}\n")

    async def has_a_draft_that_reads(self, *lines: str) -> None:
        """Have a postmortem's draft in which these lines come in this order."""
        __tracebackhide__ = True

        async def look() -> bool | None:
            return True if _missing(await self._draft(), lines) is None else None

        if await self._world.driver.eventually(look) is None:
            draft = await self._draft()
            missing = _missing(draft, lines)
            told = "\n".join(f"  {line}" for line in draft)
            self._world.complain(f"the draft lacks {missing!r} at its place; it reads:\n{told}\n")

    async def says_why(self, *lines: str) -> None:
        """Answer why, in decisions that come in this order; each may say more at its end."""
        __tracebackhide__ = True

        async def look() -> bool | None:
            return True if _missing(await self._why(), lines) is None else None

        if await self._world.driver.eventually(look) is None:
            told = await self._why()
            missing = _missing(told, lines)
            shown = "\n".join(f"  {line}" for line in told)
            self._world.complain(f"why lacks {missing!r} at its place; it says:\n{shown}\n")

    async def _why(self) -> list[str]:
        path = f"/v1/timelines/{await self.identity()}/why"
        answer = await self._world.driver.ask("postmortem", "GET", path)
        if answer.status != 200:
            return []
        return [
            self._world.plain(f"{one['code']}: {one['sentence']} {one['instead']}".rstrip())
            for one in answer.body["items"]
        ]

    async def story(self) -> list[Line]:
        """Return every line, as people would say it."""
        identity = await self.identity()
        answer = await self._world.driver.ask(
            "postmortem", "GET", f"/v1/timelines/{identity}?limit=500"
        )
        return [self._line(item) for item in answer.body["items"]] if answer.status == 200 else []

    async def _draft(self) -> list[str]:
        path = f"/v1/postmortems/{await self.identity()}"
        answer = await self._world.driver.ask("postmortem", "GET", path)
        return (
            self._world.plain(answer.body["markdown"]).splitlines() if answer.status == 200 else []
        )

    async def _find(self) -> str | None:
        answer = await self._world.driver.ask(
            "incident-intake", "GET", f"/v1/alerts?service={self._service}&limit=500"
        )
        items = answer.expect(200)["items"]
        found = [item["incident"] for item in items if item[self._field] == self._value]
        return str(found[0]) if found and found[0] else None

    async def _is(self, status: str) -> dict[str, Any]:
        __tracebackhide__ = True
        path = f"/v1/incidents/{await self.identity()}"
        seen: dict[str, Any] = {}

        async def look() -> bool | None:
            seen.update((await self._world.driver.ask("incident-intake", "GET", path)).expect(200))
            return True if seen["status"] == status else None

        if await self._world.driver.eventually(look) is None:
            self._world.complain(f"the incident is {seen['status']}, not {status}")
        return seen

    def _line(self, item: dict[str, Any]) -> Line:
        text = self._world.plain(str(item["text"]))
        # A story names the channel; people name the device.
        if method := _METHOD.search(item.get("detail") or ""):
            text = re.sub(r"\bby (webhook|device)\b", f"by {method[1]}", text)
        return Line(str(item["at"]), text)


def _missing(told: list[str], lines: tuple[str, ...]) -> str | None:
    """Return the first line that does not come where it should, or None."""
    rest = iter(told)
    for line in lines:
        inside = line.removeprefix("…")  # What comes before it in its line does not matter.
        if not any(inside in one if inside != line else one.startswith(line) for one in rest):
            return line
    return None
