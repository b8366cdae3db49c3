"""The identity of an alert: Alertmanager's fingerprint, or the sender's own key."""

import pytest

from incident_intake.domain.fingerprint import LONGEST_KEY, dedup_key, fingerprint


@pytest.mark.parametrize(
    ("labels", "expected"),
    [
        ({}, "cbf29ce484222325"),  # FNV-1a's offset basis: nothing was hashed.
        ({"alertname": "MixedGroup", "instance": "i0"}, "5210fe38a1575208"),
        ({"instance": "i0", "alertname": "MixedGroup"}, "5210fe38a1575208"),
        ({"alertname": "MixedGroup", "instance": "i1"}, "520cfe38a1536931"),
    ],
)
def test_the_fingerprint_is_the_one_that_alertmanager_computes(
    labels: dict[str, str], expected: str
) -> None:
    assert fingerprint(labels) == expected


def test_names_and_values_cannot_run_into_one_another() -> None:
    assert fingerprint({"a": "bc"}) != fingerprint({"ab": "c"})
    assert fingerprint({"a": "b", "c": "d"}) != fingerprint({"a": "bc", "": "d"})


def test_the_senders_key_wins_over_the_fingerprint() -> None:
    assert dedup_key("srv01/cpu", {"a": "b"}) == "srv01/cpu"
    assert dedup_key("", {"a": "b"}) == fingerprint({"a": "b"})


def test_long_keys_are_hashed_and_stay_apart() -> None:
    longest = "x" * LONGEST_KEY
    assert dedup_key(longest, {}) == longest
    one, other = dedup_key(longest + "1", {}), dedup_key(longest + "2", {})
    assert one.startswith("sha256:")
    assert len(one) <= LONGEST_KEY
    assert one != other
