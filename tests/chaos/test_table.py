"""The page on reliability says what the reports beside it say."""

from dev.chaos.table import PAGE, written


def test_the_page_is_as_the_harness_writes_it() -> None:
    page = PAGE.read_text()
    assert written(page) == page, "run `python -m dev chaos --table`"
