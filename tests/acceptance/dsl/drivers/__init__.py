"""What a scenario may ask of a system, whichever runs below it."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal, Protocol, TypeVar

from tests.acceptance.dsl.devices import Device

T = TypeVar("T")
Service = Literal["incident-intake", "escalation", "notifier", "postmortem"]
SERVICES: tuple[Service, ...] = ("incident-intake", "escalation", "notifier", "postmortem")
# After `claim`: what was claimed is saved, and nothing is done about it yet.
CrashMoment = Literal["before save", "after save", "after claim", "after publish"]
WEB = "https://devices.example/"
OPERATOR = "operator"
TOKEN = "acceptance-token-of-the-operator"
Json = Any  # What a service answers; a scenario never sees it.


@dataclass(frozen=True, slots=True)
class Answer:
    """What a service answered."""

    status: int
    body: Json

    def expect(self, *statuses: int) -> Json:
        """Return the body of an answer that went well."""
        assert self.status in statuses, f"answered {self.status}: {self.body}"
        return self.body


@dataclass(frozen=True, slots=True)
class Address:
    """Where a device can be reached."""

    channel: str
    address: str

    @property
    def url(self) -> str:
        """The same as an address of the web."""
        return self.address if "://" in self.address else f"{WEB}{self.address}"


class Faults(Protocol):
    """What can go wrong on purpose."""

    async def redeliver(self) -> None:
        """Hand every topic to every consumer again, from its beginning."""
        ...

    def crash(self, service: Service, moment: CrashMoment, nth: int | None) -> None:
        """Kill this service at the next such moment, or at the nth if there are so many."""
        ...

    def loses(self, topic: str) -> None:
        """Let what a topic holds be gone before anybody else reads it."""
        ...

    def alarms(self, service: Service) -> list[str]:
        """Return the subjects of what this service has told the operators, and forget them."""
        ...

    def stands_still(self, service: Service, *, still: bool) -> None:
        """Let a service do nothing at all, or go on."""
        ...

    def kafka(self, *, away: bool) -> None:
        """Take the broker away, or bring it back."""
        ...


class Driver(Protocol):
    """The seven things a system can be asked."""

    suffix: str  # What makes this world's names its own, where worlds share a system.
    slack: timedelta  # How late is still in time.
    faults: Faults | None

    def now(self) -> datetime:
        """Return what time it is."""
        ...

    def connect(self, device: Device) -> Address:
        """Make a device reachable."""
        ...

    async def apply(self, documents: Sequence[Mapping[str, Json]]) -> None:
        """Put the documents of this world in force, everywhere."""
        ...

    async def ask(self, service: Service, method: str, path: str, body: Json = None) -> Answer:
        """Send a service a request."""
        ...

    async def passes(self, duration: timedelta) -> None:
        """Let time pass."""
        ...

    def sees(self, look: Callable[[], T | None]) -> T | None:
        """Return what `look` finds, giving the system the time it needs; None if nothing comes."""
        ...

    async def eventually(self, look: Callable[[], Awaitable[T | None]]) -> T | None:
        """Return what `look` finds, giving the system the time it needs; None if nothing comes."""
        ...

    async def close(self) -> list[str]:
        """End; return what went wrong inside that no person would have seen."""
        ...
