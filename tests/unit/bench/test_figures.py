"""The bench's arithmetic: percentiles, costs, the search for the highest rate, aims."""

import pytest

from dev.bench.figures import Aim, Answer, Row, Search, per_alert, percentile, ratio


@pytest.mark.parametrize(
    ("share", "value"), [(0.5, 50.0), (0.99, 99.0), (0.999, 100.0), (1.0, 100.0), (0.0, 1.0)]
)
def test_a_percentile_is_the_nearest_rank(share: float, value: float) -> None:
    assert percentile([float(number) for number in range(1, 101)], share) == value


def test_a_percentile_of_one_value_is_that_value() -> None:
    assert percentile([7.0], 0.99) == 7.0


def test_what_an_idle_system_costs_is_no_alerts_cost() -> None:
    before, after = {"intake": 10.0, "kafka": 5.0}, {"intake": 14.0, "kafka": 5.5}
    assert per_alert(before, after, {"intake": 1.0, "kafka": 2.0}, 1000) == {
        "intake": pytest.approx(3.0),
        "kafka": 0.0,
    }


def test_a_process_that_came_later_has_no_cost() -> None:
    assert per_alert({}, {"new": 3.0}, {}, 10) == {}


def tried(search: Search, capacity: float) -> list[float]:
    rates = []
    while (rate := search.rate) is not None:
        rates.append(rate)
        search.tell(held=rate <= capacity)
    return rates


@pytest.mark.parametrize("capacity", [75, 333, 599, 601, 1234, 5000])
def test_the_search_ends_just_below_the_capacity(capacity: float) -> None:
    search = Search(600, tries=20, close=1.1)
    tried(search, capacity)
    assert search.held is not None
    assert search.failed is not None
    assert search.held <= capacity < search.failed <= search.held * 1.1


def test_the_search_ends_after_its_tries_with_what_held() -> None:
    search = Search(600, tries=3)
    assert tried(search, 10_000) == [600, 900, 1350]
    assert search.held == 1350


def test_the_search_gives_up_where_nothing_holds() -> None:
    search = Search(20, tries=20)
    rates = tried(search, 0)
    assert search.held is None
    assert rates[0] == 20
    assert min(rates) >= 10


def test_a_rate_is_at_least_and_a_delay_at_most_its_aim() -> None:
    row = Row("any", rate=1500, p99=80)
    assert Aim("rate", 1500).met(row) is True
    assert Aim("rate", 1501).met(row) is False
    assert Aim("p99", 80, at_least=False).met(row) is True
    assert Aim("p99", 79, at_least=False).met(row) is False
    assert Aim("p50", 80, at_least=False).met(row) is None


def test_an_answer_says_when_its_aim_is_not_met() -> None:
    assert Answer("on call", 39.96, "µs", 50).cells() == ["on call", "40.0 µs", "< 50 µs"]
    assert Answer("memory", 1300.4, "MB", 300).cells() == [
        "memory",
        "1,300.4 MB",
        "< 300 MB: not met",
    ]
    assert Answer("next", 1.25, "ms").cells() == ["next", "1.2 ms", ""]


def test_a_ratio_needs_both() -> None:
    assert ratio(Row("any", rate=300), Row("any", rate=200), "rate") == 1.5
    assert ratio(Row("any"), Row("any", rate=200), "rate") is None
    assert ratio(Row("any", rate=300), Row("any"), "rate") is None
