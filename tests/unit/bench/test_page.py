"""The bench's report: kept, read back, and shown as a table."""

from pathlib import Path

import pytest

from dev.bench.figures import Answer, Row
from dev.bench.ours import counted
from dev.bench.page import BEGIN, END, KEPT, PAGE, written
from dev.bench.report import Report

REPORT = Report(
    "abc123",
    "2 cores",
    1.0,
    {
        "sqlite": [
            Row("idle", cpu={"intake": 12.5, "kafka": 3.0}),
            Row("delay-100", sent=2000, p50=20.4, p99=90.0, cpu={"intake": 2.0, "kafka": 0.25}),
            Row("drain", sent=100, rate=3456.7),
            Row("memory", size=1500.0, parts={"intake": 1000.0, "notifier": 500.0}),
            Row("highest"),
        ],
        "alertmanager": [Row("delay-100", p50=10.2, p99=30.0)],
    },
    ["One thing did not work."],
    "2026-03-02",
    [Answer("on call", 40, "µs", 50)],
)


def test_a_report_is_read_back_as_it_was_kept(tmp_path: Path) -> None:
    REPORT.write(tmp_path / "deep" / "bench.json")
    assert Report.read(tmp_path / "deep" / "bench.json") == REPORT


def test_each_measured_row_is_a_line_with_its_ratio_and_aim() -> None:
    assert REPORT.heads() == [
        "measurement",
        "SQLite",
        "Alertmanager",
        "to Alertmanager's",
        "aim",
    ]
    lines = {line[0]: line[1:] for line in REPORT.lines()}
    assert lines["delay of a page at 100/s"] == [
        "p50 20 ms, p99 90 ms",
        "p50 10 ms, p99 30 ms",
        "x 2.00",
        "p50 <= 25 ms, p99 <= 80 ms: not met on SQLite",
    ]
    assert lines["backlog of 100,000 to one incident"] == [
        "3,457/s done",
        "",
        "",
        ">= 3,000/s done",
    ]
    assert lines["distinct alerts to pages: highest rate with p99 < 1 s"][0] == "none held"
    assert "start-up" not in lines


def test_costs_and_parts_are_told() -> None:
    heads, *lines = REPORT.costs("sqlite")
    assert heads == ["ms of the processor, SQLite", "intake", "kafka", "all"]
    assert lines[0] == ["idle, per second", "12.50", "3.00", "15.50"]
    assert lines[1] == ["delay of a page at 100/s", "2.00", "0.25", "2.25"]
    assert REPORT.parts() == ["memory per open incident, SQLite: intake 1,000 B, notifier 500 B."]


def test_only_what_is_between_the_marks_is_written() -> None:
    page = written(f"before\n{BEGIN}\nold\n{END}\nafter\n", REPORT)
    assert page.startswith(f"before\n{BEGIN}\n")
    assert page.endswith(f"\n{END}\nafter\n")
    assert "old" not in page
    assert "* One thing did not work." in page
    assert "2026-03-02" in page
    assert "| on call | 40.0 µs | < 50 µs |" in page
    assert written(page, REPORT) == page


def test_answers_of_another_run_say_so() -> None:
    other = Report("def456", "2 cores", 1.0, date="2026-03-03", answers=[Answer("later", 30, "µs")])
    page = written(f"{BEGIN}{END}", REPORT.with_answers_of(other))
    assert "| the code alone (2026-03-03, def456) | measured | aim |" in page
    assert "| later | 30.0 µs |  |" in page
    assert "commit abc123" in page
    assert "on call" not in page


def test_the_docs_page_is_as_the_bench_writes_it() -> None:
    if not KEPT.exists():
        pytest.skip("no run is kept: `make bench TABLE=1` keeps one")
    page = PAGE.read_text()
    assert written(page, Report.read(KEPT)) == page, "run `python -m dev bench --write`"


def test_a_metric_is_summed_over_the_samples_with_a_label() -> None:
    text = '# HELP m x\nm_total{a="x"} 2.0\nm_total{a="y"} 3.0\nother 7.0\n'
    assert counted(text, "m_total") == 5.0
    assert counted(text, "m_total", '"y"') == 3.0
