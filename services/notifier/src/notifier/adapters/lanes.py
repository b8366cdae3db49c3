"""Queues between claim and call: a lane per channel and host; a dead host holds up only itself.

What is claimed and not called yet is uncertain once this process dies, so a lane holds no more than
it can soon be rid of: a little at first, twice as much each time that was quickly done.
"""

import time
from collections import defaultdict, deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias
from urllib.parse import urlsplit

from notifier.domain.notification import Notification
from notifier.ports import Job
from tocsin.channels import ChannelInfo

FIRST_ROOM = 64
LANE_ROOM = 2048
TOTAL_ROOM = 8192
QUICKLY = 1.0  # Seconds in which a full lane should be empty again.
Key: TypeAlias = tuple[str, str]


@dataclass(slots=True)
class Lane:
    """What waits for one host, and how many calls to it are under way."""

    queue: deque[Job] = field(default_factory=deque)
    in_flight: int = 0


def lane_of(notification: Notification) -> Key:
    """Return the lane of a notification: its channel and the host in its address, if it has one."""
    channel, address = notification.contact.channel, notification.contact.address
    if "://" not in address:
        return channel, ""
    try:
        return channel, urlsplit(address).netloc.rpartition("@")[2].lower()
    except ValueError:
        return channel, address


class Lanes:
    """All lanes, and the turns they take."""

    def __init__(
        self, infos: Mapping[str, ChannelInfo], elapsed: Callable[[], float] = time.monotonic
    ) -> None:
        """Bound each lane and each channel by what its channel's `infos` say, and by its pace."""
        self._infos = infos
        self._elapsed = elapsed
        self._room: defaultdict[Key, int] = defaultdict(lambda: FIRST_ROOM)
        self._full_since: dict[Key, float] = {}
        self._lanes: defaultdict[Key, Lane] = defaultdict(Lane)
        self._waiting: dict[Key, None] = {}  # Lanes with a queue, in turn.
        self._in_flight: defaultdict[str, int] = defaultdict(int)
        self.queued = 0

    def admit(self, notifications: Sequence[Notification]) -> list[bool]:
        """Return for each, in order, whether there is room."""
        total = self.queued
        added: defaultdict[Key, int] = defaultdict(int)
        admitted = []
        for notification in notifications:
            key = lane_of(notification)
            taken = len(self._lanes[key].queue) if key in self._lanes else 0
            has_room = taken + added[key] < self._room[key]
            fits = total < TOTAL_ROOM and has_room
            if fits:
                total += 1
                added[key] += 1
            elif not has_room:
                self._full_since.setdefault(key, self._elapsed())
            admitted.append(fits)
        return admitted

    def put(self, jobs: Sequence[Job]) -> None:
        """Queue jobs."""
        for job in jobs:
            key = lane_of(job.notification)
            self._lanes[key].queue.append(job)
            self._waiting[key] = None
        self.queued += len(jobs)

    def take(self) -> Iterator[Job]:
        """Yield the jobs that may begin now, one lane after the other; each counts as begun."""
        for key in list(self._waiting):
            yield from self._take(key)

    def _take(self, key: Key) -> Iterator[Job]:
        lane = self._lanes[key]
        while lane.queue and self._is_free(key, lane):
            lane.in_flight += 1
            self._in_flight[key[0]] += 1
            self.queued -= 1
            yield lane.queue.popleft()
        if not lane.queue:
            del self._waiting[key]
        elif self._in_flight[key[0]]:
            self._waiting[key] = self._waiting.pop(key)  # To the end: the others' turn.

    def _is_free(self, key: Key, lane: Lane) -> bool:
        info = self._infos.get(key[0])
        if info is None:
            return True
        return (
            lane.in_flight < info.max_in_flight_per_host
            and self._in_flight[key[0]] < info.max_in_flight
        )

    def done(self, job: Job) -> None:
        """Say that a job that had begun is over."""
        key = lane_of(job.notification)
        lane = self._lanes[key]
        lane.in_flight -= 1
        self._in_flight[key[0]] -= 1
        if not lane.queue:
            self._learn(key)
        if not lane.queue and not lane.in_flight:
            del self._lanes[key]

    def _learn(self, key: Key) -> None:
        """Give a lane that was full, and is empty, the room that suits its pace."""
        since = self._full_since.pop(key, None)
        if since is None:
            return
        quickly = self._elapsed() - since < QUICKLY
        room = self._room[key] * 2 if quickly else self._room[key] // 2
        self._room[key] = min(LANE_ROOM, max(FIRST_ROOM, room))

    def in_flight(self, channel: str) -> int:
        """Return how many calls of a channel are under way."""
        return self._in_flight[channel]

    @property
    def is_calling(self) -> bool:
        """Whether any call is under way."""
        return any(self._in_flight.values())

    def queued_of(self, channel: str) -> int:
        """Return how many jobs of a channel wait."""
        return sum(len(lane.queue) for key, lane in self._lanes.items() if key[0] == channel)
