"""The same seed gives the same faults; every kind and every crash point has its turn."""

from pathlib import Path

from dev.chaos.ledger import Answer, Intent, Ledger, read
from dev.chaos.plan import KINDS, plan, possible
from tocsin.crash_points import POINTS


def test_the_same_seed_gives_the_same_faults() -> None:
    assert plan(7, kinds=list(KINDS), minutes=5, counts={}) == plan(
        7, kinds=list(KINDS), minutes=5, counts={}
    )
    assert plan(7, kinds=list(KINDS), minutes=5, counts={}) != plan(
        8, kinds=list(KINDS), minutes=5, counts={}
    )


def test_counts_are_kept_exactly() -> None:
    faults = plan(1, kinds=(), minutes=0, counts={"kill": 7, "zombie": 2})
    assert sorted(one.kind for one in faults) == ["kill"] * 7 + ["zombie"] * 2


def test_a_mix_fills_its_minutes_with_every_kind() -> None:
    faults = plan(1, kinds=list(KINDS), minutes=60, counts={})
    assert {one.kind for one in faults} == set(KINDS)
    assert 30 * 60 < faults[-1].at < 90 * 60


def test_every_crash_point_has_its_turn() -> None:
    faults = plan(1, kinds=(), minutes=0, counts={"point": 400}, replicas=2)
    assert {one.detail.split()[0] for one in faults} == set(POINTS) - {"process.migrating"}
    assert {one.target for one in faults} >= {"notifier", "notifier-2"}


def test_what_a_database_cannot_have_is_left_out() -> None:
    assert "database-restart" not in possible("sqlite", has_small_disk=True)
    assert "disk-full" not in possible("sqlite", has_small_disk=False)
    assert not {"disk-full", "database-locked"} & set(possible("postgres", has_small_disk=True))


def test_a_ledger_is_read_back_as_it_was_written(tmp_path: Path) -> None:
    path = tmp_path / "ledger.jsonl"
    written = [
        Intent(0.5, 1, "steady 1", "steady", "trigger", persists=True),
        Answer(0.75, 1, "unknown", 0, 3, 2),
    ]
    with Ledger(path) as ledger:
        for one in written:
            ledger.write(one)
    assert read(path).found == written
