"""The measurements: each puts a load on a subject and returns a row."""

import asyncio
import time
from collections.abc import Awaitable, Mapping, Sequence
from contextlib import suppress
from typing import TypeVar

from dev.bench import usage
from dev.bench.figures import Row, Search, per_alert, percentile
from dev.bench.ours import Tocsin
from dev.bench.subjects import SETTLE_WITHIN, Pages, Subject
from dev.wire import Sent

BATCH = 100
HELD = 1000.0  # ms: the p99 below which a rate counts as held.
FILL = 300.0  # Alerts per second while memory is filled: no backlog, whose buffers would stay.
IDLE_SECONDS = 4.0
LOOK = 0.2  # Seconds between two looks at how far the work has gone: each costs some of it.
T = TypeVar("T")


class Bench:
    """Measures one subject, whose webhooks arrive at `pages`."""

    def __init__(self, subject: Subject, pages: Pages) -> None:
        """Begin without knowing what an idle system costs."""
        self.subject = subject
        self._pages = pages
        self._idle: dict[str, float] = {}

    async def warm_up(self) -> None:
        """Let connections open and caches fill, unmeasured."""
        await self._delays("warm-up", 50, 150)

    async def idle(self) -> Row:
        """Return what the processes cost with nothing to do: ms of the processor per second."""
        await self.subject.quiet()
        before, start = self._used(), time.perf_counter()
        await asyncio.sleep(IDLE_SECONDS)
        took = time.perf_counter() - start
        self._idle = {name: (now - before[name]) / took for name, now in self._used().items()}
        return Row("idle", cpu={name: share * 1000 for name, share in self._idle.items()})

    async def delay(self, key: str, rate: float, seconds: float) -> Row:
        """Send distinct alerts at a steady rate, each of which pages."""
        count = max(round(rate * seconds), 10)
        (sent, delays, took), cpu = await self._costing(count, self._delays(key, rate, count))
        return Row(
            key,
            sent=count,
            refused=count - sent.accepted,
            rate=len(delays) / took,
            p50=percentile(delays, 0.5),
            p99=percentile(delays, 0.99),
            cpu=cpu,
        )

    async def highest(self, key: str, search: Search, seconds: float) -> Row:
        """Search the highest rate of distinct alerts whose p99 stays below a second."""
        best = Row(key)
        while (rate := search.rate) is not None:
            row = await self.delay(f"{key} {rate:.0f}/s", rate, seconds)
            held = row.p99 is not None and row.p99 < HELD and not row.refused
            if held:
                best = row
            search.tell(held=held)
        return Row(**{**vars(best), "key": key})

    async def accept(self, key: str, titles: Sequence[str], size: int, *, together: bool) -> Row:
        """Send as fast as answers come, `size` alerts a request; wait until all are handled."""
        parts = [titles[start : start + size] for start in range(0, len(titles), size)]
        bodies = [self.subject.body(part, together=together) for part in parts]
        (sent, done), cpu = await self._costing(len(titles), self._accepted(bodies, len(titles)))
        begun = min(sent.intended)
        accepted = len(titles) * sent.accepted / len(bodies)
        return Row(
            key,
            sent=len(titles),
            refused=round(len(titles) - accepted),
            accepted=accepted / (max(sent.answered) - begun),
            rate=accepted / (done - begun),
            cpu=cpu,
        )

    async def drain(self, key: str, count: int) -> Row:
        """Lay a backlog on the topic at once; how fast intake turns it into incidents.

        The rate is that of the time after the last was laid: until then the load has a part.
        """
        tocsin = self.subject
        assert isinstance(tocsin, Tocsin), "only Tocsin has a topic"
        titles = [f"{key} {number}" for number in range(count)]
        (left, took), cpu = await self._costing(count, self._drained(tocsin, titles))
        return Row(key, sent=count, rate=left / took, cpu=cpu)

    async def memory(self, key: str, warm: int, count: int) -> Row:
        """Return by how much memory grows for each open incident, once caches are full."""
        await self._fill(f"{key} warm", warm)
        before = self._resident()
        await self._fill(key, count)
        parts = {name: (now - before[name]) / count for name, now in self._resident().items()}
        return Row(key, sent=count, size=sum(parts.values()), parts=parts)

    async def start_up(self, key: str) -> Row:
        """Return how long it takes until all is ready, and each part."""
        times = await self.subject.start_up()
        return Row(key, seconds=max(times.values()), parts=times)

    async def _delays(self, name: str, rate: float, count: int) -> tuple[Sent, list[float], float]:
        titles = [f"{name} {number}" for number in range(count)]
        bodies = [self.subject.body([title], together=False) for title in titles]
        sent = await self.subject.sender.send(bodies, rate)
        taken = {
            title: due
            for title, due, status in zip(titles, sent.intended, sent.status, strict=True)
            if 200 <= status < 300  # noqa: PLR2004
        }
        await self._pages.settle(list(taken))
        delays = sorted((self._pages.at[title] - due) * 1000 for title, due in taken.items())
        return sent, delays, max(self._pages.at[title] for title in taken) - min(sent.intended)

    async def _accepted(self, bodies: list[bytes], count: int) -> tuple[Sent, float]:
        before = await self.subject.handled()
        sent = await self.subject.sender.send(bodies, None)
        if before is None:
            return sent, max(sent.answered)
        await self._until_handled(before + count * sent.accepted / len(bodies))
        return sent, time.perf_counter()

    async def _drained(self, tocsin: Tocsin, titles: Sequence[str]) -> tuple[float, float]:
        end = await tocsin.handled() or 0.0
        end += len(titles)
        await tocsin.lay_backlog(titles)
        start, left = time.perf_counter(), end - (await tocsin.handled() or 0.0)
        await self._until_handled(end)
        return left, time.perf_counter() - start

    async def _until_handled(self, wanted: float) -> None:
        async with asyncio.timeout(SETTLE_WITHIN):
            while (await self.subject.handled() or 0.0) < wanted:
                await asyncio.sleep(LOOK)

    async def _fill(self, name: str, count: int) -> None:
        titles = [f"{name} {number}" for number in range(count)]
        bodies = [
            self.subject.body(titles[start : start + BATCH], together=False)
            for start in range(0, count, BATCH)
        ]
        await self.subject.sender.send(bodies, FILL / BATCH)
        await self._pages.settle(titles)
        await self.subject.quiet()

    async def _costing(self, count: int, work: Awaitable[T]) -> tuple[T, dict[str, float]]:
        before, start = self._used(), time.perf_counter()
        result = await work
        await self.subject.quiet()
        took = time.perf_counter() - start
        idle = {name: share * took for name, share in self._idle.items()}
        return result, per_alert(before, self._used(), idle, count)

    def _used(self) -> dict[str, float]:
        used: dict[str, float] = {}
        with suppress(FileNotFoundError):  # No /proc: not Linux, and no such column.
            used = usage.seconds(self.subject.pids())
        return {**used, "the load": time.process_time()}

    def _resident(self) -> Mapping[str, int]:
        found = usage.resident(self.subject.pids())
        return {name: size for name, size in found.items() if name in self.subject.holders()}
