"""Where an alert goes: its service, its urgency, its group, and the silences in between."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from incident_intake.domain import grouping, suppression
from incident_intake.domain.alert import Alert
from incident_intake.domain.message import AlertMessage
from incident_intake.domain.routing import Destination, destination
from incident_intake.domain.severity import from_labels
from incident_intake.domain.suppression import Silence, silence_of
from incident_intake.domain.urgency import urgency
from tests.unit.incident_intake.world import catalog, message
from tocsin.catalog import Catalog, Integration, Service
from tocsin.events import Severity
from tocsin.testing import START

MINUTE = timedelta(minutes=1)
DIGEST = "0" * 64
BOUND = Integration(source="generic", service="checkout", key_sha256=DIGEST)
FREE = Integration(source="generic", key_sha256=DIGEST)


def said(**more: Any) -> AlertMessage:
    return AlertMessage(dedup_key="disk", action="trigger", title="disk", **more)


@pytest.mark.parametrize(
    ("given", "integration", "expected"),
    [
        (said(service="postgres"), BOUND, Destination("postgres", "sender")),
        (said(service="unheard-of"), BOUND, Destination("checkout", "integration")),
        (said(labels={"team": "db"}), BOUND, Destination("checkout", "integration")),
        (said(labels={"team": "db"}), FREE, Destination("postgres", "route databases")),
        (said(labels={"team": "web"}), FREE, Destination("checkout", "default service")),
    ],
)
def test_routing(given: AlertMessage, integration: Integration, expected: Destination) -> None:
    assert destination(given, integration, catalog()) == expected


def test_what_no_rule_places_is_unrouted_not_lost() -> None:
    assert destination(said(), FREE, Catalog()) == Destination("unrouted", "no route matched")


@pytest.mark.parametrize(
    ("rule", "severity", "expected"),
    [
        ("by_severity", "critical", "high"),
        ("by_severity", "error", "high"),
        ("by_severity", "warning", "low"),
        ("by_severity", "info", "low"),
        ("high", "info", "high"),
        ("low", "critical", "low"),
    ],
)
def test_urgency(rule: Any, severity: Severity, expected: str) -> None:
    assert urgency(Service(urgency=rule), severity, START) == expected


def test_an_unknown_service_goes_by_severity() -> None:
    assert urgency(None, "critical", START) == "high"
    assert urgency(None, "info", START) == "low"


@pytest.mark.parametrize(
    ("labels", "expected"),
    [
        ({"severity": "CRITICAL"}, "critical"),
        ({"severity": "page"}, "critical"),
        ({"severity": "high"}, "error"),
        ({"severity": " Warn "}, "warning"),
        ({"severity": "none"}, "info"),
        ({"priority": "P3"}, "warning"),
        ({"severity": "purple", "priority": "p1"}, "critical"),
        ({"severity": "purple"}, "error"),
        ({}, "error"),
    ],
)
def test_severity_by_convention(labels: dict[str, str], expected: str) -> None:
    assert from_labels(labels) == expected


def test_without_grouping_each_alert_is_its_own() -> None:
    keys = {grouping.group_key("checkout", None, {"cluster": "eu"}, key) for key in ("a", "b")}
    assert len(keys) == 2
    assert grouping.accepts(None, START, START + timedelta(days=300))


def test_grouping_goes_by_the_labels_of_the_service() -> None:
    service = Service.model_validate({"grouping": {"by": ["cluster"], "window": "1h"}})
    eu = grouping.group_key("checkout", service, {"cluster": "eu", "host": "1"}, "a")
    assert eu == grouping.group_key("checkout", service, {"cluster": "eu", "host": "2"}, "b")
    assert eu != grouping.group_key("checkout", service, {"cluster": "us"}, "a")
    assert eu != grouping.group_key("postgres", service, {"cluster": "eu"}, "a")
    assert grouping.accepts(service, START, START + 59 * MINUTE)
    assert not grouping.accepts(service, START, START + 60 * MINUTE)


SILENCE = Silence("sil_1", ('team="db"',), START, START + 10 * MINUTE, "ada", START)
ALERT = Alert.opened(message(labels={"team": "db", "host": "7"}))


@pytest.mark.parametrize(
    ("matchers", "is_silent"),
    [
        (('team="db"',), True),
        (('team="db"', 'host="7"'), True),
        (('team="db"', 'host="8"'), False),
        (('team=~"d.*"',), True),
        (('service="checkout"',), True),
        (('title="disk is broken"',), True),
        (('absent=""', 'team="db"'), True),
    ],
)
def test_every_matcher_must_hold(matchers: tuple[str, ...], is_silent: bool) -> None:
    silence = replace(SILENCE, matchers=matchers)
    assert (silence_of(ALERT, [silence], START) is not None) == is_silent


def test_a_silence_holds_from_its_start_to_before_its_end() -> None:
    assert silence_of(ALERT, [SILENCE], START) == SILENCE
    assert silence_of(ALERT, [SILENCE], START - MINUTE) is None
    assert silence_of(ALERT, [SILENCE], START + 10 * MINUTE) is None


def test_the_silence_that_ends_last_holds() -> None:
    longer = replace(SILENCE, silence_id="sil_2", ends_at=START + 20 * MINUTE)
    assert silence_of(ALERT, [longer, SILENCE], START) == longer


def test_a_label_wins_over_what_every_alert_has() -> None:
    labelled = replace(ALERT, labels={"service": "mine"})
    assert suppression.matched_labels(labelled)["service"] == "mine"


def test_an_expression_that_backtracks_is_matched_in_no_time() -> None:
    silence = replace(SILENCE, matchers=('team=~"(a+)+$"',))
    hostile = replace(ALERT, labels={"team": "a" * 5000 + "!"})
    assert silence_of(hostile, [silence], START) is None
