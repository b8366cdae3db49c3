"""Each source: what it reads, and how it names what it cannot."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from incident_intake.domain.fingerprint import fingerprint
from incident_intake.domain.message import AlertMessage, Parsed, Receipt
from incident_intake.entrypoints.sources import SOURCES
from incident_intake.entrypoints.sources.prometheus import RefusedByAlertmanager, sort_out
from incident_intake.entrypoints.sources.reading import clean, instant
from tocsin.errors import InputError
from tocsin.testing import START

RECEIPT = Receipt("tests", START, "01890000-0000-7000-8000-000000000001")
LABELS = {"alertname": "DiskFull", "severity": "critical", "host": "db-1"}


def read(source: str, payload: Any) -> Parsed:
    return SOURCES[source](payload, RECEIPT)


def one(source: str, payload: Any) -> AlertMessage:
    parsed = read(source, payload)
    assert parsed.unreadable == ()
    (found,) = parsed.messages
    return found


def notification(*alerts: Any, **more: Any) -> dict[str, Any]:
    return {"version": "4", "status": "firing", "alerts": list(alerts), **more}


def firing(**more: Any) -> dict[str, Any]:
    return {
        "status": "firing",
        "labels": LABELS,
        "annotations": {"summary": "disk is full", "runbook_url": "https://r.example/disk"},
        "startsAt": "2026-01-05T08:59:00.123456789Z",
        "endsAt": "0001-01-01T00:00:00Z",
        "generatorURL": "http://prom:9090/graph",
        "fingerprint": "00000000000000aa",
        **more,
    }


class TestAlertmanager:
    def test_a_firing_alert(self) -> None:
        found = one("alertmanager", notification(firing()))
        assert (found.dedup_key, found.action) == ("00000000000000aa", "trigger")
        assert found.title == "DiskFull: disk is full"
        assert found.severity == "critical"
        assert found.started_at == datetime(2026, 1, 5, 8, 59, 0, 123456, tzinfo=UTC)
        assert found.ended_at is None
        assert [link.href for link in found.links] == [
            "http://prom:9090/graph",
            "https://r.example/disk",
        ]

    def test_each_alert_speaks_for_itself_whatever_the_group_says(self) -> None:
        resolved = firing(status="resolved", endsAt="2026-01-05T09:00:00Z", fingerprint="b" * 16)
        parsed = read("alertmanager", notification(resolved, firing(), status="resolved"))
        assert [each.action for each in parsed.messages] == ["resolve", "trigger"]
        assert parsed.messages[0].ended_at == START

    def test_a_truncated_notification_says_nothing_of_the_absent(self) -> None:
        parsed = read("alertmanager", notification(firing(), truncatedAlerts=330))
        assert len(parsed.messages) == 1

    def test_a_missing_fingerprint_is_computed(self) -> None:
        alert = firing()
        del alert["fingerprint"]
        assert one("alertmanager", notification(alert)).dedup_key == fingerprint(LABELS)

    def test_little_is_enough(self) -> None:
        found = one("alertmanager", notification({"status": "firing", "labels": {"a": "b"}}))
        assert found.title == "a=b"
        assert found.started_at is None

    @pytest.mark.parametrize(
        ("alert", "reason"),
        [
            (7, "alerts[1]: must be an object"),
            (firing(labels=["x"]), "alerts[1].labels: must be an object"),
            (firing(labels={"x": {}}), "alerts[1].labels.x: must be a string"),
            (firing(status="broken"), "alerts[1].status: must be one of firing, resolved"),
            (firing(startsAt="soon"), "alerts[1].startsAt: must be a time"),
            (firing(startsAt=7), "alerts[1].startsAt: must be a time"),
            (firing(fingerprint=7), "alerts[1].fingerprint: must be a string"),
            ({"status": "firing"}, "alerts[1].labels: is required"),
            (firing(labels={str(n): "" for n in range(201)}), "alerts[1].labels: has more"),
        ],
    )
    def test_one_bad_alert_takes_no_other_with_it(self, alert: Any, reason: str) -> None:
        parsed = read("alertmanager", notification(firing(), alert, firing()))
        assert len(parsed.messages) == 2
        assert [text[: len(reason)] for text in parsed.unreadable] == [reason]

    @pytest.mark.parametrize(
        ("payload", "reason"),
        [
            ([], "body: must be an object"),
            ("x", "body: must be an object"),
            ({}, "alerts: is required"),
            ({"alerts": {}}, "alerts: must be an array"),
        ],
    )
    def test_what_is_no_notification(self, payload: Any, reason: str) -> None:
        with pytest.raises(InputError, match=reason):
            read("alertmanager", payload)


class TestPrometheus:
    def test_it_fires_while_its_end_is_ahead_and_expires_after(self) -> None:
        alert = {"labels": LABELS, "endsAt": "2026-01-05T09:04:00Z"}
        found = one("prometheus", [alert])
        assert (found.action, found.dedup_key) == ("trigger", fingerprint(LABELS))
        assert found.expires_at == START + timedelta(minutes=4, seconds=30)

    def test_it_is_resolved_once_its_end_is_reached(self) -> None:
        alert = {"labels": LABELS, "startsAt": "2026-01-05T08:00:00Z", "endsAt": START.isoformat()}
        found = one("prometheus", [alert])
        assert (found.action, found.ended_at, found.expires_at) == ("resolve", START, None)

    @pytest.mark.parametrize("ends_at", [None, "0001-01-01T00:00:00.000Z", ""])
    def test_without_an_end_it_has_five_minutes(self, ends_at: str | None) -> None:
        found = one("prometheus", [{"labels": LABELS, "endsAt": ends_at, "startsAt": ends_at}])
        assert (found.action, found.started_at) == ("trigger", START)
        assert found.expires_at == START + timedelta(minutes=5)

    def test_the_identity_is_the_one_of_the_other_road(self) -> None:
        alert = firing()
        del alert["fingerprint"]
        by_webhook = one("alertmanager", notification(alert))
        straight = one("prometheus", [{"labels": {**LABELS, "empty": ""}}])
        assert straight.dedup_key == by_webhook.dedup_key

    def test_a_nul_in_a_label_does_not_change_the_identity(self) -> None:
        found = one("prometheus", [{"labels": {"a": "b\x00c"}}])
        assert found.labels == {"a": "bc"}
        assert found.dedup_key == fingerprint({"a": "b\x00c"})

    @pytest.mark.parametrize(
        ("alert", "status", "body"),
        [
            ({"labels": {}}, 400, "at least one label pair required"),
            ({"labels": {"a": ""}}, 400, "at least one label pair required"),
            ({}, 422, {"code": 602, "message": "1.labels in body is required"}),
            (
                {"labels": LABELS, "startsAt": START.isoformat(), "endsAt": "2026-01-05T08:00:00Z"},
                400,
                "start time must be before end time",
            ),
            (
                {"labels": LABELS, "startsAt": "2026-01-06T09:00:00Z"},
                400,
                "start time must be before end time",
            ),
            ({"labels": LABELS, "generatorURL": "a b"}, 422, 601),
            ({"labels": {"a": 1}}, 400, 400),
            ({"labels": LABELS, "startsAt": 1767600000}, 400, 400),
            ("x", 400, 400),
        ],
    )
    def test_the_answers_are_alertmanagers_and_the_rest_is_kept(
        self, alert: Any, status: int, body: Any
    ) -> None:
        parsed, refusal = sort_out([{"labels": LABELS}, alert], RECEIPT)
        assert len(parsed.messages) == 1
        assert len(parsed.unreadable) == 1
        assert parsed.unreadable[0].startswith("[1]")
        assert refusal is not None
        assert refusal.status == status
        assert refusal.body == body or refusal.body["code"] == body

    @pytest.mark.parametrize("payload", [{}, "x", None, 7])
    def test_what_is_no_array(self, payload: Any) -> None:
        with pytest.raises(RefusedByAlertmanager) as refused:
            read("prometheus", payload)
        assert refused.value.body["code"] == 400

    def test_names_of_labels_may_be_any_text_unless_told_otherwise(self) -> None:
        alert = {"labels": {"service.name": "shop"}}
        assert one("prometheus", [alert]).labels == {"service.name": "shop"}
        legacy = Receipt("tests", START, "x", legacy_names=True)
        parsed, refusal = sort_out([alert], legacy)
        assert refusal is not None
        assert refusal.body == 'invalid label set: invalid name "service.name"'
        assert len(parsed.unreadable) == 1


EVENT: dict[str, Any] = {
    "routing_key": "k",
    "event_action": "trigger",
    "dedup_key": "srv01/HTTP",
    "payload": {
        "summary": "HTTP is down",
        "source": "srv01",
        "severity": "critical",
        "timestamp": "2026-01-05T08:58:00.678+0000",
        "component": "nginx",
        "custom_details": {"lag": 12.5, "up": False, "nested": {"a": [1]}},
    },
    "links": [{"href": "https://a.example", "text": "runbook"}, {"href": "javascript:x"}, 7],
    "client": "Nagios",
    "client_url": "https://nagios.example",
}


class TestPagerDuty:
    def test_a_trigger(self) -> None:
        found = one("pagerduty", EVENT)
        assert (found.dedup_key, found.action) == ("srv01/HTTP", "trigger")
        assert (found.title, found.severity) == ("HTTP is down", "critical")
        assert found.labels == {
            "source": "srv01",
            "component": "nginx",
            "lag": "12.5",
            "up": "false",
        }
        assert [link.text for link in found.links] == ["runbook", "Nagios"]
        assert found.started_at == datetime(2026, 1, 5, 8, 58, 0, 678000, tzinfo=UTC)

    @pytest.mark.parametrize("action", ["acknowledge", "resolve"])
    def test_acknowledge_and_resolve_need_a_key_only(self, action: str) -> None:
        found = one("pagerduty", {"event_action": action, "dedup_key": "k", "payload": "ignored"})
        assert (found.dedup_key, found.action, found.title) == ("k", action, "k")

    @pytest.mark.parametrize("key", [None, ""])
    def test_a_trigger_without_a_key_is_an_alert_of_its_own(self, key: str | None) -> None:
        first = one("pagerduty", {**EVENT, "dedup_key": key})
        other = SOURCES["pagerduty"](
            {**EVENT, "dedup_key": key}, Receipt("tests", START, "another-request")
        ).messages[0]
        assert first.dedup_key == RECEIPT.request_id.replace("-", "")
        assert first.dedup_key != other.dedup_key

    def test_an_odd_timestamp_wakes_people_all_the_same(self) -> None:
        body = {**EVENT["payload"], "timestamp": "yesterday"}
        assert one("pagerduty", {**EVENT, "payload": body}).started_at is None

    @pytest.mark.parametrize(
        ("event", "reason"),
        [
            ({}, "'event_action' is missing"),
            ({"event_action": "explode"}, "'event_action' is invalid"),
            ({"event_action": "resolve"}, "'dedup_key' is missing"),
            ({"event_action": "resolve", "dedup_key": ""}, "'dedup_key' is missing"),
            ({"event_action": "resolve", "dedup_key": 7}, "'dedup_key' must be a string"),
            ({"event_action": "trigger"}, "'payload' is missing"),
            ({"event_action": "trigger", "payload": 7}, "'payload' must be an object"),
            ({"event_action": "trigger", "payload": {}}, "'payload.summary' is missing"),
            (
                {**EVENT, "payload": {**EVENT["payload"], "severity": "fatal"}},
                "'payload.severity' is invalid",
            ),
        ],
    )
    def test_mistakes_in_pagerdutys_words(self, event: Any, reason: str) -> None:
        with pytest.raises(InputError, match=reason):
            read("pagerduty", event)


class TestGeneric:
    def test_a_title_is_enough(self) -> None:
        found = one("generic", {"title": "Disk full", "unknown": "kept in raw"})
        assert (found.action, found.title, found.severity) == ("trigger", "Disk full", "error")
        assert found.dedup_key == fingerprint({"title": "Disk full"})

    def test_everything(self) -> None:
        found = one(
            "generic",
            {
                "title": "Disk full",
                "description": "92 %",
                "severity": "warning",
                "status": "resolved",
                "dedup_key": "disk-db-1",
                "service": "postgres",
                "labels": {"host": "db-1", "percent": 92, "root": True},
                "links": ["https://a.example", {"href": "https://b.example", "text": "b"}],
                "started_at": "2026-01-05T10:00:00+01:00",
            },
        )
        assert (found.action, found.dedup_key) == ("resolve", "disk-db-1")
        assert (found.severity, found.service) == ("warning", "postgres")
        assert found.labels == {"host": "db-1", "percent": "92", "root": "true"}
        assert [link.href for link in found.links] == ["https://a.example", "https://b.example"]
        assert found.started_at == START

    def test_without_a_key_the_labels_and_the_title_are_the_identity(self) -> None:
        keys = {
            one("generic", {"title": title, "labels": labels}).dedup_key
            for title, labels in (("a", {}), ("b", {}), ("a", {"host": "1"}), ("a", {}))
        }
        assert len(keys) == 3

    @pytest.mark.parametrize(
        ("body", "reason"),
        [
            (7, "body: must be an object"),
            ({}, "title: is required"),
            ({"title": "  "}, "title: must not be blank"),
            ({"title": 7}, "title: must be a string"),
            ({"title": "x", "severity": "fatal"}, "severity: must be one of critical"),
            ({"title": "x", "severity": 7}, "severity: must be one of critical"),
            ({"title": "x", "status": "open"}, "status: must be one of firing, resolved"),
            ({"title": "x", "labels": "a=b"}, "labels: must be an object"),
            ({"title": "x", "labels": {"a": []}}, "labels.a: must be a string"),
            ({"title": "x", "links": "https://a"}, "links: must be an array"),
            ({"title": "x", "links": [7]}, r"links\[0\]: must be an object"),
            ({"title": "x", "links": [{}]}, r"links\[0\].href: must be a string"),
            ({"title": "x", "dedup_key": []}, "dedup_key: must be a string"),
            ({"title": "x", "started_at": "now"}, "started_at: must be a time"),
            ({"title": "x", "service": 7}, "service: must be a string"),
        ],
    )
    def test_wrong_fields_are_named(self, body: Any, reason: str) -> None:
        with pytest.raises(InputError, match=reason):
            read("generic", body)

    def test_in_an_array_the_place_is_named(self) -> None:
        parsed = read("generic", [{"title": "x"}, {"title": 7}])
        assert parsed.unreadable == ("[1].title: must be a string",)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-01-05T09:00:00Z", START),
        ("2026-01-05T09:00:00.000000000Z", START),
        ("2026-01-05T10:00:00+0100", START),
        ("2026-01-05T10:00:00+01:00", START),
        ("2026-01-05T09:00:00", START),
        ("2026-01-05 09:00:00", START),
        ("0001-01-01T00:00:00Z", None),
        ("0001-01-01T00:00:00+05:00", None),
        ("", None),
        (None, None),
    ],
)
def test_times_as_tools_write_them(text: Any, expected: datetime | None) -> None:
    assert instant(text, "at") == expected


@pytest.mark.parametrize("text", ["9999-12-31T23:59:59-12:00", "x", 5, [], "2026-13-01T00:00:00Z"])
def test_what_is_no_time_is_named(text: Any) -> None:
    with pytest.raises(InputError, match="at: "):
        instant(text, "at")


def test_text_is_made_fit_for_every_database() -> None:
    assert clean("a\x00b\ud800c") == "ab?c"
    assert clean("多" * 20, 10) == "多" * 9 + "…"


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(
                [
                    "alerts",
                    "status",
                    "labels",
                    "annotations",
                    "startsAt",
                    "endsAt",
                    "event_action",
                    "dedup_key",
                    "payload",
                    "title",
                    "severity",
                    "links",
                    "generatorURL",
                ]
            ),
            inner | st.sampled_from(["firing", "resolved", "trigger", "critical"]),
            max_size=6,
        )
    ),
    max_leaves=25,
)


@given(st.sampled_from(sorted(SOURCES)), json_values)
def test_no_json_brings_a_source_down(source: str, payload: Any) -> None:
    try:
        parsed = read(source, payload)
    except InputError:
        return
    for found in parsed.messages:
        assert found.dedup_key
        assert len(found.dedup_key) <= 255
        assert found.title
