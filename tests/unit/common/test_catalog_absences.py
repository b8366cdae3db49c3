"""Absences and calendars as documents: what is taken, and which mistakes are told."""

from typing import Any

import pytest
from pydantic import ValidationError

from tocsin.catalog import KINDS, Absence, Calendar, Catalog
from tocsin.catalog.validation import mistakes

SPAN = {"from": "2026-06-01T00:00", "until": "2026-06-15T00:00"}
ADA = {"kind": "User", "name": "ada", "spec": {}}


@pytest.mark.parametrize(
    "spec",
    [
        {"url": "https://cal.example/ada.ics?token=x#y"},
        {"url": "http://10.1.0.5:8080/"},
        {"url": "https://[2606:4700::1]/cal"},
        {"url": "https://cal.example"},
        {"url_env": "CALENDAR_ADA"},
    ],
)
def test_a_calendar_is_an_address_or_a_variable(spec: dict[str, str]) -> None:
    assert Calendar.model_validate(spec).model_dump(exclude_defaults=True) == spec


@pytest.mark.parametrize(
    "spec",
    [
        {},
        {"url": "https://cal.example/", "url_env": "CALENDAR_ADA"},
        {"url": "webcal://cal.example/ada.ics"},
        {"url": "file:///etc/passwd"},
        {"url": "https://ada:secret@cal.example/"},
        {"url": "https://cal.example/a b"},
        {"url": "https://cal.example/\n"},
        {"url": "https:///ada.ics"},
        {"url": "https://[cal.example.org"},
        {"url": "https://cal.example]/ada.ics"},
        {"url": "https://[2606:4700::zz]/ada.ics"},
        {"url": "https://cal.example:99999/"},
        {"url": "https://cal.example:ics/"},
        {"url": "https://:443/"},
        {"url": "https://cal.example/" + "x" * 2000},
        # Another secret must not be sent to wherever it says.
        {"url_env": "ESCALATION_SECRET"},
        {"url_env": "calendar_ada"},
        {"url_env": ""},
    ],
)
def test_anything_else_is_a_mistake(spec: dict[str, str]) -> None:
    with pytest.raises(ValidationError):
        Calendar.model_validate(spec)


@pytest.mark.parametrize("url", ["webcal://cal.example/ada.ics", "https://[cal.example.org"])
def test_the_mistake_says_what_to_write(url: str) -> None:
    user = {**ADA, "spec": {"calendars": [{"url": url}]}}
    (found,) = [one for one in mistakes([user], known=Catalog()) if one.is_error]
    assert found.path == "spec.calendars[0].url"
    assert found.message.startswith("write https://host/path")


def told(*documents: dict[str, Any]) -> list[tuple[str, str]]:
    found = mistakes(list(documents), known=Catalog())
    return [(one.path, one.message) for one in found if one.is_error]


def absence(**spec: Any) -> dict[str, Any]:
    return {"kind": "Absence", "name": "june", "spec": {"user": "ada", "spans": [SPAN], **spec}}


def test_an_absence_by_hand_is_of_somebody_who_is_there() -> None:
    assert told(ADA, absence()) == []
    assert told(ADA, absence(user="adda")) == [("spec.user", "there is no User 'adda'")]


def test_a_span_ends_after_it_begins() -> None:
    wrong = {"from": SPAN["until"], "until": SPAN["from"]}
    assert told(ADA, absence(spans=[wrong])) == [("spec.spans[0]", "`until` is not after `from`")]


def test_whoever_is_deleted_by_another_set_takes_nothing_with_them() -> None:
    known = Catalog(1, {("Absence", "june"): Absence.model_validate(absence()["spec"])})
    (found,) = mistakes([], known=known)
    assert (found.level, found.kind, found.path) == ("warning", "Absence", "spec.user")


def test_a_stretch_that_the_clocks_leave_out_is_no_absence() -> None:
    spans = [{"from": "2026-03-29T02:10", "until": "2026-03-29T02:50"}]
    user = KINDS["User"].model_validate({"time_zone": "Europe/Paris"})
    away = Absence.model_validate({"user": "ada", "spans": spans})
    held = Catalog(1, {("User", "ada"): user, ("Absence", "gap"): away})
    assert held.absences == {}
