"""Calendars of other programs, well-meant and hostile: which spans are read of them, and why none."""

import json
import subprocess
import sys
import time
from datetime import date
from pathlib import Path

import pytest

from escalation.adapters import reading_apart
from escalation.adapters.reading import COMMAND, ApartRead
from escalation.adapters.reading_apart import RefusedError, spans_of
from escalation.domain.calendars import Spans
from escalation.ports import UnreadableError

SINCE, UNTIL = date(2026, 1, 1), date(2027, 3, 1)


def calendar(*events: str, head: str = "") -> bytes:
    """Return a calendar; an event is its lines with `|` between them."""
    lines = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//tests//EN", *head.split("|")]
    for number, event in enumerate(events):
        own = [] if "UID:" in event else [f"UID:{number}"]
        lines += ["BEGIN:VEVENT", *own, "DTSTAMP:20260101T000000Z", *event.split("|")]
        lines.append("END:VEVENT")
    return "\r\n".join([*filter(None, lines), "END:VCALENDAR", ""]).encode()


def read(*events: str, head: str = "") -> list[tuple[str, str]]:
    return spans_of(calendar(*events, head=head), SINCE, UNTIL)


DAY = "DTSTART;VALUE=DATE:20261224|DTEND;VALUE=DATE:20261227"
WHOLE_DAYS = [("2026-12-24T00:00:00", "2026-12-27T00:00:00")]


@pytest.mark.parametrize(
    ("event", "spans"),
    [
        (DAY, WHOLE_DAYS),
        (f"{DAY}|TRANSP:TRANSPARENT|SUMMARY:Holidays", WHOLE_DAYS),
        ("DTSTART;VALUE=DATE:20261224|DURATION:P3D", WHOLE_DAYS),
        (
            "DTSTART;VALUE=DATE:20261224",  # Without an end: that day.
            [("2026-12-24T00:00:00", "2026-12-25T00:00:00")],
        ),
        (
            "DTSTART;VALUE=DATE:20261224|DTEND;VALUE=DATE:20261224",  # As some programs write it.
            [("2026-12-24T00:00:00", "2026-12-25T00:00:00")],
        ),
        (
            "DTSTART;VALUE=DATE;TZID=Nowhere:20261224|DTEND;VALUE=DATE;TZID=Nowhere:20261225",
            [("2026-12-24T00:00:00", "2026-12-25T00:00:00")],
        ),
        (
            "DTSTART:20260601T080000Z|DTEND:20260601T100000Z",
            [("2026-06-01T08:00:00Z", "2026-06-01T10:00:00Z")],
        ),
        (
            "DTSTART;TZID=Europe/Paris:20260601T080000|DTEND;TZID=Europe/Paris:20260601T100000",
            [("2026-06-01T06:00:00Z", "2026-06-01T08:00:00Z")],
        ),
        (
            "DTSTART;TZID=W. Europe Standard Time:20260601T080000|DURATION:PT2H",
            [("2026-06-01T06:00:00Z", "2026-06-01T08:00:00Z")],
        ),
        (
            "DTSTART:20260601T080000|DTEND:20260601T100000",  # On the clock of whoever looks.
            [("2026-06-01T08:00:00", "2026-06-01T10:00:00")],
        ),
        (f"{DAY}|STATUS:CANCELLED", []),
        (f"{DAY}|STATUS:cancelled", []),
        (f"{DAY}|STATUS:TENTATIVE", WHOLE_DAYS),
        ("DTSTART:20260601T080000Z", []),  # An instant is no time at all.
        ("DTSTART;VALUE=DATE:20200101|DTEND;VALUE=DATE:20200102", []),
        ("DTSTART;VALUE=DATE:20300101|DTEND;VALUE=DATE:20300102", []),
    ],
)
def test_an_event_is_a_span(event: str, spans: list[tuple[str, str]]) -> None:
    assert read(event) == spans


IN_ZONE = "DTSTART;TZID=Our Office:20260601T080000|DTEND;TZID=Our Office:20260601T100000"
DAILY = "DTSTART:20260601T080000Z|DURATION:PT2H|RRULE:FREQ=DAILY;COUNT=3"
OUR_SHOP = (
    "BEGIN:VTIMEZONE|TZID:Our Shop|BEGIN:STANDARD|DTSTART:19700101T000000|TZOFFSETFROM:+0300"
    "|TZOFFSETTO:+0300|END:STANDARD|END:VTIMEZONE"
)


def test_a_time_zone_may_be_described_in_the_calendar() -> None:
    in_shop = IN_ZONE.replace("Office", "Shop")
    assert read(in_shop, head=OUR_SHOP) == [("2026-06-01T05:00:00Z", "2026-06-01T07:00:00Z")]


def test_an_event_of_centuries_is_cut_to_what_is_looked_at() -> None:
    whole = [("2026-01-01T00:00:00", "2027-03-01T00:00:00")]
    assert read("DTSTART;VALUE=DATE:19000101|DTEND;VALUE=DATE:22991231") == whole
    utc = [("2026-01-01T00:00:00Z", "2027-03-01T00:00:00Z")]
    assert read("DTSTART:19000101T000000Z|DTEND:22991231T000000Z") == utc


def test_a_rule_gives_an_event_each_time_but_for_those_taken_out() -> None:
    rule = "DTSTART;VALUE=DATE:20260105|RRULE:FREQ=WEEKLY;COUNT=4|EXDATE;VALUE=DATE:20260112"
    assert [begins for begins, _ in read(rule)] == [
        "2026-01-05T00:00:00",
        "2026-01-19T00:00:00",
        "2026-01-26T00:00:00",
    ]


def test_one_of_a_rule_may_be_moved_or_cancelled() -> None:
    rule = "UID:1|DTSTART:20260105T090000Z|DTEND:20260105T100000Z|RRULE:FREQ=DAILY;COUNT=3"
    moved = "UID:1|RECURRENCE-ID:20260106T090000Z|DTSTART:20260106T120000Z|DTEND:20260106T130000Z"
    gone = "UID:1|RECURRENCE-ID:20260107T090000Z|DTSTART:20260107T090000Z|DTEND:20260107T100000Z"
    assert [begins for begins, _ in read(rule, moved, f"{gone}|STATUS:CANCELLED")] == [
        "2026-01-05T09:00:00Z",
        "2026-01-06T12:00:00Z",
    ]


def test_a_rule_keeps_its_time_of_day_over_a_change_of_the_clock() -> None:
    times = "DTSTART;TZID=Europe/Paris:20260328T090000|DTEND;TZID=Europe/Paris:20260328T100000"
    assert [begins for begins, _ in read(f"{times}|RRULE:FREQ=DAILY;COUNT=2")] == [
        "2026-03-28T08:00:00Z",
        "2026-03-29T07:00:00Z",
    ]


def test_events_that_share_an_identity_are_all_read() -> None:
    """Some programs write one for all; half a calendar would put people on call who are away."""
    days = [f"DTSTART;VALUE=DATE:2026{day}" for day in ("0601", "0701", "0801")]
    expected = ["2026-06-01T00:00:00", "2026-07-01T00:00:00", "2026-08-01T00:00:00"]
    assert [begins for begins, _ in read(*(f"UID:1|{day}" for day in days))] == expected
    rule = "RRULE:FREQ=DAILY;COUNT=1"
    assert [begins for begins, _ in read(*(f"UID:1|{day}|{rule}" for day in days))] == expected


def test_of_two_versions_of_an_event_the_later_counts() -> None:
    before, after = (f"UID:1|SEQUENCE:{n}|DTSTART;VALUE=DATE:20260{n}01" for n in (6, 7))
    assert [begins for begins, _ in read(before, after)] == ["2026-07-01T00:00:00"]


@pytest.mark.parametrize("zone", ["Europe/Paris", "Romance Standard Time"])
def test_a_zone_of_all_events_may_be_named_as_any_system_does(zone: str) -> None:
    floating = "DTSTART:20260601T080000|DTEND:20260601T100000"
    spans = [("2026-06-01T06:00:00Z", "2026-06-01T08:00:00Z")]
    assert read(floating, head=f"X-WR-TIMEZONE:{zone}") == spans


def test_the_same_time_twice_is_one_span() -> None:
    assert read(DAY, DAY) == WHOLE_DAYS


def test_a_calendar_without_events_says_that_nobody_is_away() -> None:
    assert read() == []


@pytest.mark.parametrize(
    ("body", "because"),
    [
        (b"", "does not begin"),
        (b"<!doctype html><title>Sign in</title>", "does not begin"),
        (calendar(DAY)[:-20], "cut off"),
        (b"BEGIN:VCALENDAR\r\nSUMMARY:\xff\xfe\r\nEND:VCALENDAR", "UTF-8"),
        (calendar(*[DAY] * (reading_apart.MOST_EVENTS + 1)), "more than 5000 events"),
        (
            calendar("DTSTART:20260101T000000Z|DURATION:PT1H|RRULE:FREQ=HOURLY;COUNT=501"),
            "more than 500 events",
        ),
        # Half a calendar would put people on call who are away.
        (calendar(DAY, "DTSTART:tomorrow|DTEND:20260102"), "the DTSTART of an event"),
        (calendar(DAY, f"{DAY}|RRULE:FREQ=SOMETIMES"), "the RRULE of an event"),
        (calendar(DAY, f"{DAY}|EXDATE:x"), "the EXDATE of an event"),
        (calendar(DAY, head="X-WR-TIMEZONE:Mars"), r"its time zone 'Mars' \(X-WR-TIMEZONE\)"),
        (calendar(DAY, IN_ZONE), "its time zone 'Our Office' is not known"),
        (calendar(f"{DAILY}|EXDATE;TZID=Nowhere:20260602T080000"), "zone 'Nowhere'"),
        (calendar(f"{DAILY}|RDATE;TZID=Nowhere:20260602T080000"), "zone 'Nowhere'"),
    ],
)
def test_what_is_refused_says_why(body: bytes, because: str) -> None:
    with pytest.raises(RefusedError, match=because):
        spans_of(body, SINCE, UNTIL)


def test_a_mark_of_the_order_of_bytes_is_no_mistake() -> None:
    assert spans_of(b"\xef\xbb\xbf" + calendar(DAY), SINCE, UNTIL) == WHOLE_DAYS


async def apart(body: bytes, within: float = 120.0) -> Spans:
    return await ApartRead(within)(body, SINCE, UNTIL)


async def test_read_in_a_process_of_its_own_it_is_the_same() -> None:
    assert await apart(calendar(DAY)) == tuple(WHOLE_DAYS)


def test_its_process_is_small_and_the_first_to_go_where_memory_runs_short() -> None:
    words = [*COMMAND, SINCE.isoformat(), UNTIL.isoformat()]
    with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env={}) as process:
        own = Path(f"/proc/{process.pid}")
        if not (own / "oom_score_adj").exists():
            pytest.skip("nothing is told here of other processes")
        while (own / "oom_score_adj").read_text().strip() != "1000" and process.poll() is None:
            time.sleep(0.05)
        limits = (own / "limits").read_text()
        answer, _ = process.communicate(calendar(DAY))
    # With the service beside it, it has to fit into what docs/operations.md gives both.
    (most,) = [line.split()[3] for line in limits.splitlines() if "address space" in line]
    assert int(most) <= 256 * 1024 * 1024
    assert json.loads(answer) == {"spans": [list(span) for span in WHOLE_DAYS]}


def test_the_largest_calendar_fits_into_that_process() -> None:
    largest = calendar(*[f"{DAY}|SUMMARY:{'x' * 90}"] * reading_apart.MOST_EVENTS)
    assert len(largest) > 1_000_000
    words = [*COMMAND, SINCE.isoformat(), UNTIL.isoformat()]
    found = subprocess.run(words, input=largest, capture_output=True, check=True, env={})
    assert json.loads(found.stdout) == {"spans": [list(span) for span in WHOLE_DAYS]}


def test_what_takes_too_much_memory_says_so() -> None:
    small = "from escalation.adapters import reading_apart as one; one.MEMORY = 32 * 1024 * 1024"
    words = [sys.executable, "-c", f"{small}; one.main()", SINCE.isoformat(), UNTIL.isoformat()]
    largest = calendar(*[DAY] * reading_apart.MOST_EVENTS)
    found = subprocess.run(words, input=largest, capture_output=True, check=True)
    assert json.loads(found.stdout) == {"error": "it takes too much memory to read"}


def test_where_no_kernel_takes_a_score_it_is_read_all_the_same() -> None:
    program = "from pathlib import Path; from escalation.adapters import reading_apart as one"
    words = [sys.executable, "-c", f"{program}; one.be_small(Path('/nowhere/score'))"]
    subprocess.run(words, check=True)


async def test_without_a_process_nothing_is_read() -> None:
    with pytest.raises(UnreadableError, match="no process"):
        await ApartRead(command=("/nowhere/python",))(calendar(DAY), SINCE, UNTIL)


async def test_what_is_wrong_is_told_by_that_process() -> None:
    with pytest.raises(UnreadableError, match="does not begin"):
        await apart(b"<html>")


@pytest.mark.parametrize(
    "event",
    [
        # Never comes, and is looked for until the calendar ends, second by second.
        "DTSTART:20260101T000000Z|DURATION:PT1S|RRULE:FREQ=SECONDLY;BYMONTH=2;BYMONTHDAY=30",
        f"{DAY}|RRULE:FREQ=DAILY;INTERVAL=0",
    ],
)
async def test_a_rule_that_takes_for_ever_is_ended(event: str) -> None:
    with pytest.raises(UnreadableError, match="too long"):
        await apart(calendar(event))


async def test_a_process_that_does_not_come_to_an_end_is_killed() -> None:
    with pytest.raises(UnreadableError, match="too long"):
        await apart(calendar(DAY), within=0.001)


@pytest.mark.parametrize(
    "body",
    [
        calendar(DAY, "SUMMARY:never"),
        calendar(DAY, "DTSTART;VALUE=DATE:00010101|DTEND;VALUE=DATE:99991231"),
        b"BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nEND:VCALENDAR",
    ],
)
async def test_what_no_library_makes_sense_of_ends_that_process_alone(body: bytes) -> None:
    with pytest.raises(UnreadableError, match="cannot be understood"):
        await apart(body)
