"""What rings in somebody's pocket: devices, and everything that ever arrived on them."""

import threading
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

Answer = Literal["taken", "refused", "gone"]


@dataclass(frozen=True, slots=True)
class Message:
    """What a device was sent. `link` acknowledges; `delivery_id` is the same on every attempt.

    A message about many incidents at once has their `titles`, and a link to each.
    """

    purpose: str
    title: str
    status: str
    incident_id: str
    delivery_id: str
    at: datetime
    link: str = ""
    text: str = ""
    titles: tuple[str, ...] = ()
    links: tuple[tuple[str, str], ...] = ()  # An incident, and the link to it.


@dataclass
class Device:
    """A way to reach one person: it takes messages, refuses a few, or is gone."""

    owner: str
    name: str
    received: list[Message] = field(default_factory=list)
    unread: list[Message] = field(default_factory=list)
    ignores_repeats: bool = False
    _refusals: int = 0
    _gone: bool = False
    # The real system rings from another thread.
    lock: threading.Lock = field(default_factory=threading.Lock)

    def refuses(self, times: int) -> None:
        """Refuse the next messages, for now."""
        self._refusals = times

    def is_gone(self) -> None:
        """Be a number that is no longer in service."""
        self._gone = True

    def works_again(self) -> None:
        """Take messages."""
        self._gone, self._refusals = False, 0

    def ring(self, message: Message) -> Answer:
        """Be sent a message; say what became of it."""
        with self.lock:
            if self._gone:
                return "gone"
            if self._refusals:
                self._refusals -= 1
                return "refused"
            is_repeat = any(one.delivery_id == message.delivery_id for one in self.received)
            self.received.append(message)
            if message.purpose == "page" and not (is_repeat and self.ignores_repeats):
                self.unread.append(message)
            return "taken"

    def take(self, title: str) -> Message | None:
        """Read the earliest unread page about this."""
        with self.lock:
            found = next((page for page in self.unread if page.title == title), None)
            if found is not None:
                self.unread.remove(found)
            return found

    def take_summary(self, titles: set[str]) -> Message | None:
        """Read the earliest unread page that is about exactly these, all in one."""
        with self.lock:
            found = next((page for page in self.unread if set(page.titles) == titles), None)
            if found is not None:
                self.unread.remove(found)
            return found

    def link_to(self, incident_id: str) -> str:
        """Return the link of the latest page about this incident, or nothing."""
        with self.lock:
            links = [link for one in self.received for link in one.links]
            links += [(one.incident_id, one.link) for one in self.received if not one.titles]
            found = [link for identity, link in links if identity == incident_id and link]
            return found[-1] if found else ""
