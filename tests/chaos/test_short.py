"""Real processes broken by a seed, under load: no promise is broken. `make chaos` is the long form.

SEED chooses the faults; what was sent, answered, rung and broken is in the ledger that is named.
"""

import os
from pathlib import Path

import pytest

from dev.chaos.report import words
from dev.chaos.run import Order, run

SEED = int(os.environ.get("SEED") or 1)
RATE = 25.0
COMMON = {"kill": 6, "point": 8, "term": 2, "rebalance": 1, "poison": 1}
ORDERS = {
    "sqlite": {**COMMON, "database-locked": 1, "disk-full": 1},
    "postgres": {**COMMON, "database-restart": 1, "broker-kill": 1},
}

pytestmark = [pytest.mark.system, pytest.mark.kafka]


@pytest.mark.parametrize("database", sorted(ORDERS))
async def test_no_promise_is_broken(database: str, tmp_path: Path) -> None:
    order = Order(SEED, database=database, rate=RATE, counts=ORDERS[database])

    outcome = await run(order, tmp_path, print)

    print(words(outcome.report, outcome.ledger))
    assert outcome.report.is_clean, words(outcome.report, outcome.ledger)
    assert outcome.report.kills > 0
    assert outcome.report.accepted > 0
