"""From draft to published: who may do what when, and what late facts need."""

from dataclasses import replace

import pytest

from postmortem.domain.postmortem import compiled, postmortem_id
from postmortem.domain.review import Basis, Review
from tests.unit.postmortem.stories import ADA, BOB, INCIDENT, at, night
from tocsin.errors import Refused

DRAFT = Review(postmortem_id(INCIDENT), INCIDENT)
BASIS = Basis("d1", ())
ASKED = DRAFT.requested(BASIS, BOB, at(9), is_over=True)
PUBLISHED = ASKED.publication("d1", None, is_over=True)


def test_a_review_is_asked_for_by_somebody_from_the_facts_of_then() -> None:
    assert (ASKED.status, ASKED.requested_by, ASKED.requested_at) == ("in-review", BOB, at(9))
    assert (ASKED.basis, ASKED.revision) == (BASIS, 1)


def test_an_open_incident_is_not_reviewed() -> None:
    with pytest.raises(Refused, match="not resolved"):
        DRAFT.requested(BASIS, BOB, at(9), is_over=False)


@pytest.mark.parametrize("there", [ASKED, PUBLISHED])
def test_a_review_is_asked_for_once(there: Review) -> None:
    with pytest.raises(Refused, match="already"):
        there.requested(BASIS, ADA, at(10), is_over=True)


def test_what_was_reviewed_is_published_as_the_next_number() -> None:
    assert (PUBLISHED.status, PUBLISHED.published, PUBLISHED.basis) == ("published", 1, None)
    again = PUBLISHED.taken_back().requested(BASIS, ADA, at(20), is_over=True)
    assert again.publication("d1", None, is_over=True).published == 2


@pytest.mark.parametrize("there", [DRAFT, PUBLISHED])
def test_only_what_is_in_review_is_published(there: Review) -> None:
    with pytest.raises(Refused, match="not in-review"):
        there.publication("d1", None, is_over=True)


def test_an_incident_that_is_open_again_is_not_published() -> None:
    with pytest.raises(Refused, match="open again"):
        ASKED.publication("d1", None, is_over=False)


def test_facts_that_changed_are_published_only_by_who_saw_them() -> None:
    with pytest.raises(Refused, match="the digest of what you saw: d2"):
        ASKED.publication("d2", None, is_over=True)
    with pytest.raises(Refused, match="the facts are d3 by now"):
        ASKED.publication("d3", "d2", is_over=True)
    assert ASKED.publication("d2", "d2", is_over=True).published == 1


def test_a_published_version_is_not_written_in() -> None:
    with pytest.raises(Refused, match="take the postmortem back to draft"):
        PUBLISHED.writable()
    for there in (DRAFT, ASKED, PUBLISHED.taken_back()):
        there.writable()


def test_a_draft_cannot_be_taken_back() -> None:
    with pytest.raises(Refused, match="draft already"):
        DRAFT.taken_back()
    assert ASKED.taken_back() == replace(DRAFT, revision=2)


def test_the_basis_of_a_review_is_the_facts_that_it_began_with() -> None:
    found = compiled(INCIDENT, night())
    assert found
    assert found.basis == Basis(found.digest, found.sections)
