"""The burst of timers that the bench works off: each fires once, and pages the next level."""

from dev.bench.burst import worked_off


async def test_every_level_that_ends_is_worked_off_once() -> None:
    fired, _ = await worked_off(7)
    assert fired == 7
