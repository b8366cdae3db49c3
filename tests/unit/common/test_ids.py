"""Identities: sorted where new, the same where derived."""

import uuid

from hypothesis import given
from hypothesis import strategies as st

from tocsin import ids


def test_new_ids_are_version_7_and_sorted_by_when_they_were_made() -> None:
    made = [ids.new() for _ in range(2_000)]
    assert made == sorted(made)
    assert len(set(made)) == 2_000
    assert {uuid.UUID(one).version for one in made} == {7}
    assert {uuid.UUID(one).variant for one in made} == {uuid.RFC_4122}


def test_a_derived_id_is_the_same_on_every_machine_and_for_good() -> None:
    # `printf 'page\x1finc_1\x1f0' | sha256sum`, with the version and the variant put in. A change of
    # this value would do everything a second time that was decided before it.
    assert ids.derived("page", "inc_1", "0") == "fb656df0-2f28-8da9-bbcf-c1e34a430463"


@given(st.lists(st.text(), min_size=1, max_size=5))
def test_a_derived_id_is_a_valid_uuid_of_version_8(parts: list[str]) -> None:
    found = uuid.UUID(ids.derived(*parts))
    assert found.version == 8
    assert found.variant == uuid.RFC_4122
    assert str(found) == ids.derived(*parts)


def test_parts_are_kept_apart() -> None:
    assert ids.derived("a", "bc") != ids.derived("ab", "c")
    assert ids.derived("a", "") != ids.derived("a")
    assert ids.derived("a", "b") != ids.derived("b", "a")


def test_people_see_the_kind_before_the_id() -> None:
    found = ids.prefixed("inc", "01947b2c-4f00-7000-8000-0123456789ab")
    assert found == "inc_01947b2c4f00700080000123456789ab"
