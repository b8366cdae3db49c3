"""The rows of the table: what each is called, how it is measured, and what is aimed at."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from dev.bench.figures import Aim, Row, Search
from dev.bench.measure import BATCH, Bench


@dataclass(frozen=True)
class Kind:
    """A row: `measure` takes the scale; `shows` are its figures, the first compared with peers."""

    name: str
    shows: tuple[str, ...]
    measure: Callable[[Bench, float], Awaitable[Row]]
    aims: tuple[Aim, ...] = ()
    peer: bool = True


def _names(key: str, count: float, scale: float) -> list[str]:
    return [f"{key} {number}" for number in range(_many(count, scale))]


def _many(count: float, scale: float) -> int:
    """Return the scaled count in whole batches, at least one."""
    return max(round(count * scale / BATCH), 1) * BATCH


def _delay(key: str, rate: float, seconds: float) -> Callable[[Bench, float], Awaitable[Row]]:
    return lambda bench, scale: bench.delay(key, rate, seconds * scale)


def _highest(bench: Bench, scale: float) -> Awaitable[Row]:
    return bench.highest("highest", Search(600, tries=8), max(12 * scale, 2))


def _single(bench: Bench, scale: float) -> Awaitable[Row]:
    return bench.accept("single", _names("single", 10_000, scale), 1, together=True)


def _batches(bench: Bench, scale: float) -> Awaitable[Row]:
    return bench.accept("batches", _names("batches", 50_000, scale), BATCH, together=True)


def _duplicates(bench: Bench, scale: float) -> Awaitable[Row]:
    return bench.accept("duplicates", ["one"] * _many(100_000, scale), BATCH, together=True)


def _drain(bench: Bench, scale: float) -> Awaitable[Row]:
    return bench.drain("drain", _many(100_000, scale))


def _memory(bench: Bench, scale: float) -> Awaitable[Row]:
    return bench.memory("memory", _many(10_000, scale), _many(20_000, scale))


ROWS = {
    "delay-10": Kind("delay of a page at 10/s", ("p50", "p99"), _delay("delay-10", 10, 15)),
    "delay-100": Kind(
        "delay of a page at 100/s",
        ("p50", "p99"),
        _delay("delay-100", 100, 20),
        (Aim("p50", 25, at_least=False), Aim("p99", 80, at_least=False)),
    ),
    "highest": Kind(
        "distinct alerts to pages: highest rate with p99 < 1 s",
        ("rate", "p50", "p99"),
        _highest,
        (Aim("rate", 1500),),
    ),
    "storm": Kind(
        "distinct alerts to pages, 1,000/s offered", ("rate", "p99"), _delay("storm", 1000, 15)
    ),
    "single": Kind("accepted, one by one", ("accepted", "rate"), _single),
    "batches": Kind(
        "accepted, in batches of 100", ("accepted", "rate"), _batches, (Aim("accepted", 5000),)
    ),
    "duplicates": Kind(
        "duplicates, in batches of 100", ("accepted", "rate"), _duplicates, (Aim("rate", 10_000),)
    ),
    "drain": Kind(
        "backlog of 100,000 to one incident", ("rate",), _drain, (Aim("rate", 3000),), peer=False
    ),
    "memory": Kind(
        "memory per open incident", ("size",), _memory, (Aim("size", 2048, at_least=False),)
    ),
    "start-up": Kind("start-up", ("seconds",), lambda bench, _scale: bench.start_up("start-up")),
}
