"""Every endpoint, asked wrongly in every way: no 5xx, no hang, and each error says what is wrong.

FUZZ is how often each endpoint is asked (25; the long run is 10000), FUZZ_SEED where it starts, and
FUZZ_REPORT the document into which the figures are written.
"""

import os
from pathlib import Path

import pytest

from dev.layout import SERVICES, Service
from tests.security.fuzzing import fuzz, resident_kilobytes
from tests.security.house import house
from tests.security.report import report, write

COUNT = int(os.environ.get("FUZZ", "25"))
SEED = int(os.environ.get("FUZZ_SEED", "1"))
REPORT = os.environ.get("FUZZ_REPORT", "")
MOST_GROWTH = 50 * 1024  # Kilobytes that a service may grow by, however often it is asked.


@pytest.mark.usefixtures("quiet")
@pytest.mark.parametrize("service", SERVICES, ids=lambda one: one.name)
async def test_every_endpoint_answers_whatever_it_is_asked(
    service: Service, foundation: Path, tmp_path: Path
) -> None:
    async with house(foundation, tmp_path) as found:
        await found.lives()
        # In halves: what fills the caches of the first half is no growth in the second.
        tallies = await fuzz(found, service.name, COUNT // 2, SEED)
        before = resident_kilobytes()
        for one, more in zip(
            tallies, await fuzz(found, service.name, COUNT - COUNT // 2, SEED + 1), strict=True
        ):
            one.add(more)
        grown = resident_kilobytes() - before
    if REPORT:
        write(Path(REPORT), service.name, report(tallies, grown))
    assert [wrong for one in tallies for wrong in one.wrong][:20] == []
    assert grown < MOST_GROWTH
    assert all(one.requests == COUNT for one in tallies)
