"""Which policy is frozen into a climb."""

from escalation.domain.policy import frozen
from tests.unit.escalation.examples import catalog, level, policy

IN_FORCE = catalog(
    Service={
        "checkout": {"escalation_policy": "payments"},
        "lonely": {},
        "odd": {"escalation_policy": "gone"},
    },
    EscalationPolicy={
        "payments": policy(level("ada"), repeat=2, last_resort={"user": "bob"}),
        "special": policy(level("eve")),
    },
)


def test_the_policy_of_the_service_with_the_version_in_force() -> None:
    found = frozen(IN_FORCE, "checkout")
    assert (found.name, found.catalog_version, found.loops) == ("payments", 7, 3)
    assert str(found.last_resort) == "user bob"
    assert found.missing == ""


def test_the_policy_that_the_incident_names_comes_first() -> None:
    assert frozen(IN_FORCE, "checkout", "special").name == "special"


def test_a_policy_that_is_gone_gives_way_to_the_services() -> None:
    assert frozen(IN_FORCE, "checkout", "gone").name == "payments"


def test_why_there_is_none_is_said() -> None:
    assert frozen(IN_FORCE, "lonely").missing == "service lonely has no escalation policy"
    assert frozen(IN_FORCE, "nowhere").missing == "service nowhere is not in the catalog"
    assert frozen(IN_FORCE, "odd").missing == "escalation policy gone is not in the catalog"
    assert frozen(IN_FORCE, "lonely").levels == ()
