"""What processes use, as the kernel says it."""

import os
import time

import pytest

from dev.bench.usage import PAGE, PROC, TICKS, Usage, parsed, resident, seconds, tree

STAT = (
    "42 (a (bad) name) S 7 42 42 0 -1 4194560 10 0 0 0 150 50 30 20 20 0 3 0 "
    "1000 9000000 2500 18446744073709551615 0 0 0 0 0 0 0 0 0 0 0 0 17 1 0 0 0 0 0"
)


def test_a_line_is_read_from_behind_the_name() -> None:
    assert parsed(STAT) == Usage(parent=7, seconds=250 / TICKS, resident=2500 * PAGE)


def test_descendants_count_and_others_do_not() -> None:
    found = {pid: Usage(parent, 1.0, 0) for pid, parent in ((1, 0), (2, 1), (3, 2), (4, 0))}
    assert sorted(tree(found, 1)) == [1, 2, 3]
    assert list(tree(found, 99)) == []


@pytest.mark.skipif(not PROC.exists(), reason="needs /proc")
def test_our_own_process_is_seen() -> None:
    before = seconds({"us": os.getpid()})["us"]
    until = time.process_time() + 0.05
    while time.process_time() < until:
        pass
    assert seconds({"us": os.getpid()})["us"] > before
    assert resident({"us": os.getpid()})["us"] > 1_000_000
    assert resident({"nobody": 0}) == {}
