"""What is found wrong: when people are told, in which words, and when it is over."""

from datetime import timedelta

from tocsin.findings import Finding, Situation, Told, alarm, all_clear, is_over, is_time
from tocsin.obligations import Debts, Obligation, plain
from tocsin.testing import START

MINUTE = timedelta(minutes=1)
KAFKA = Finding("kafka", START, "there is no connection to Kafka")
OUTBOX = Finding("outbox", START, "decisions wait to be published to Kafka", shared=True)


def situation(*findings: Finding, overdue: int = 0, untold: int = 0, at: int = 0) -> Situation:
    debts = Debts(overdue, overdue, untold, START if overdue else None)
    return Situation("escalation", START + at * MINUTE, debts, findings=findings)


def told(*keys: str) -> Told:
    return Told(frozenset(keys), START)


def test_where_nothing_is_wrong_nobody_is_told() -> None:
    assert not is_time(situation(), Told())
    assert situation().is_well


def test_what_is_new_is_told_at_once() -> None:
    assert is_time(situation(KAFKA), Told())
    assert is_time(situation(overdue=1, untold=1), Told())


def test_what_was_told_is_told_again_after_a_quarter_of_an_hour() -> None:
    assert not is_time(situation(KAFKA, at=14), told("kafka"))
    assert is_time(situation(KAFKA, at=15), told("kafka"))


def test_news_soon_after_an_alarm_waits_for_a_minute_so_that_a_storm_is_few_messages() -> None:
    news = Situation("escalation", START + timedelta(seconds=59), findings=(KAFKA, OUTBOX))
    assert not is_time(news, told("kafka"))
    assert is_time(situation(KAFKA, OUTBOX, at=1), told("kafka"))
    assert is_time(situation(overdue=9, untold=1, at=1), told())


def test_what_another_replica_has_told_of_is_not_told_again() -> None:
    assert not is_time(situation(overdue=5, untold=0), Told())


def test_a_clock_that_was_put_back_silences_nothing() -> None:
    assert is_time(situation(KAFKA, at=-60), told("kafka"))


def test_that_it_is_over_is_told_only_to_who_was_told_that_it_began() -> None:
    assert is_over(situation(), told("kafka"))
    assert not is_over(situation(), Told())
    assert not is_over(situation(KAFKA), told("kafka"))
    assert not is_over(situation(overdue=1), told("kafka"))


def test_the_message_says_what_for_whom_since_when_and_where_to_look() -> None:
    promise = Obligation(
        "paged/inc_1",
        "paged",
        "inc_1",
        "somebody is paged for incident #7 of checkout (critical): disk is full",
        START,
        START + MINUTE,
        attempts=2,
    )
    found = Situation(
        "incident-intake", START + 3 * MINUTE, Debts(9, 4, 4, START), (promise,), (OUTBOX,)
    )
    message = alarm(found, "`tocsin status`")
    assert message.subject == "[Tocsin] incident-intake: 4 overdue, outbox"
    assert message.text == (
        "incident-intake, 2026-01-05 09:03:00 UTC\n"
        "\n"
        "4 promised and overdue, the longest first:\n"
        "  somebody is paged for incident #7 of checkout (critical): disk is full\n"
        "    was due 2026-01-05 09:01:00 UTC, 120 s ago; done again 2 times\n"
        "  and 3 more\n"
        "\n"
        "decisions wait to be published to Kafka, since 2026-01-05 09:00:00 UTC\n"
        "\n"
        "Look at: `tocsin status`\n"
    )
    assert message.document["type"] == "alarm"
    assert message.document["overdue"] == 4
    assert [one["id"] for one in message.document["obligations"]] == ["paged/inc_1"]
    assert [one["what"] for one in message.document["findings"]] == ["outbox"]


def test_what_lasts_is_an_alarm_too_where_it_is_all_there_is() -> None:
    calendar = Finding("calendar of ada", START, "the calendar cannot be read", lasting=True)
    assert situation(calendar).is_well
    assert alarm(situation(calendar), "the manual").document["type"] == "alarm"


def test_the_all_clear_says_so() -> None:
    message = all_clear(situation())
    assert message.subject == "[Tocsin] escalation: nothing is overdue any more"
    assert message.document["type"] == "all-clear"


def test_a_strangers_words_make_no_line_of_their_own() -> None:
    assert plain("a\r\nBcc: eve@example.org\x1b[2J\u202e\tb") == "a Bcc: eve@example.org [2J b"
    assert plain("x" * 400) == "x" * 299 + "…"
