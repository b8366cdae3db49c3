"""The shop of the pictures: an organisation without mistakes, and told as it is."""

from dev.story import NOW
from dev.story_catalog import SPECS, told
from tocsin.catalog import Catalog
from tocsin.catalog.validation import mistakes
from tocsin.events import OnCallChanged, ShiftsForeseen

DOCUMENTS = [
    {"kind": kind, "name": name, "spec": spec}
    for kind, found in SPECS.items()
    for name, spec in found.items()
]


def test_its_catalog_has_no_mistakes() -> None:
    assert [str(one) for one in mistakes(DOCUMENTS, known=Catalog()) if one.is_error] == []


def test_who_is_on_call_now_is_so_by_the_shifts_as_well() -> None:
    events = [one.data for one in told()]
    now = {one.schedule: one.responders for one in events if isinstance(one, OnCallChanged)}
    foreseen = {
        one.schedule: shift.responders
        for one in events
        if isinstance(one, ShiftsForeseen)
        for shift in one.shifts
        if shift.begins <= NOW < shift.until
    }
    assert foreseen == now
    assert set(now) == set(SPECS["Schedule"])
