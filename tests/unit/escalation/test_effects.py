"""What a change of the catalog means for people."""

from datetime import datetime, timedelta
from typing import Any

from escalation.domain.effects import coverage_warnings, effects
from tests.unit.escalation.examples import NOW, catalog, level, people, policy, two_levels
from tocsin.catalog import Catalog
from tocsin.catalog.mistakes import Mistake


def warned(
    after: Catalog, keys: list[tuple[str, str]], now: datetime, weeks: int = 2
) -> list[Mistake]:
    found = coverage_warnings(after, keys, now, timedelta(weeks=weeks))
    return [one for one in found if one is not None]


def schedule(*participants: str, **more: Any) -> dict[str, Any]:
    rotation = {"type": "weekly", "start": "2026-01-05T09:00", "participants": list(participants)}
    layer = {"name": "weekly", "rotation": rotation, **more}
    return {"time_zone": "Europe/Paris", "layers": [layer]}


def rota(*participants: str, **more: Any) -> Catalog:
    return catalog(
        User=people("ada", "bob", "eve"), Schedule={"web": schedule(*participants, **more)}
    )


def texts(before: Catalog, after: Catalog) -> list[str]:
    return [effect.text for effect in effects(before, after, NOW)]


def test_nothing_changes_for_anybody_where_nothing_changes() -> None:
    assert texts(two_levels(), two_levels()) == []
    assert texts(rota("ada", "bob"), rota("ada", "bob")) == []


def test_only_the_shifts_that_move_are_told() -> None:
    assert texts(rota("ada", "bob"), rota("ada", "eve")) == [
        (
            "schedule web, Mon 2026-03-09 09:00 to Mon 2026-03-16 09:00 (Europe/Paris):"
            " eve instead of bob"
        )
    ]


def test_a_deleted_schedule_leaves_nobody() -> None:
    without = catalog(User=people("ada", "bob", "eve"))
    assert texts(rota("ada"), without) == [
        (
            "schedule web, Mon 2026-03-02 09:00 to Mon 2026-03-16 09:00 (Europe/Paris):"
            " nobody instead of ada"
        )
    ]


def test_somebody_who_can_no_longer_be_paged_is_told_where_they_were() -> None:
    mute = catalog(User={**people("bob"), "ada": {}}, Schedule={"web": schedule("ada", "bob")})
    assert texts(rota("ada", "bob"), mute) == [
        (
            "schedule web, Mon 2026-03-02 09:00 to Mon 2026-03-09 09:00 (Europe/Paris):"
            " nobody instead of ada"
        )
    ]


def test_each_level_that_pages_somebody_else_is_told_for_policy_and_service() -> None:
    after = catalog(
        User=people("ada", "bob", "carol"),
        Service={"checkout": {"escalation_policy": "payments"}},
        EscalationPolicy={"payments": policy(level("bob"))},
        Settings={"installation": {"last_resort": {"user": "ada"}}},
    )
    assert texts(two_levels(), after) == [
        "policy payments, level 1: pages bob instead of ada",
        "policy payments, level 2: pages nobody instead of bob",
        "policy payments, last resort: pages ada instead of carol",
        "service checkout, level 1: pages bob instead of ada",
        "service checkout, level 2: pages nobody instead of bob",
        "service checkout, last resort: pages ada instead of carol",
    ]


def test_a_schedule_without_gaps_is_not_warned_of() -> None:
    assert warned(rota("ada"), [("Schedule", "web"), ("User", "ada")], NOW) == []


def test_a_gap_is_warned_of_at_its_schedule() -> None:
    keys = [("User", "ada"), ("Schedule", "web")]
    later = rota("ada", restrictions=[{"from": "00:00", "until": "23:00"}])
    (warning,) = warned(later, keys, NOW)
    assert (warning.position, warning.path, warning.level) == (1, "spec.layers", "warning")
    assert warning.message.startswith(
        "nobody is on call Mon 2026-03-02 23:00 to Tue 2026-03-03 00:00 (Europe/Paris)"
    )


def test_gaps_are_looked_for_as_far_ahead_as_is_planned() -> None:
    until = {"until": "2026-03-23T09:00"}  # Three weeks from now.
    assert warned(rota("ada", **until), [("Schedule", "web")], NOW, weeks=2) == []
    (warning,) = warned(rota("ada", **until), [("Schedule", "web")], NOW, weeks=26)
    assert warning.message == (
        "nobody is on call Mon 2026-03-23 09:00 to Mon 2026-08-31 10:00 (Europe/Paris)"
        " in the next 182 days"
    )


def overridden(**more: Any) -> Catalog:
    span = {"from": "2026-03-04T14:00", "until": "2026-03-04T18:00"}
    return catalog(
        User=people("ada", "bob", "eve"),
        Schedule={"web": schedule("ada", "bob")},
        Override={"swap": {"schedule": "web", **span, **more}},
    )


def test_an_override_moves_the_hours_it_names_and_no_others() -> None:
    assert texts(rota("ada", "bob"), overridden(remove="ada", add="eve")) == [
        (
            "schedule web, Wed 2026-03-04 14:00 to Wed 2026-03-04 18:00 (Europe/Paris):"
            " eve instead of ada"
        )
    ]


def test_an_override_that_leaves_a_gap_is_a_warning_at_its_place() -> None:
    after = overridden(remove="ada")
    (alone,) = warned(after, [("User", "ada"), ("Override", "swap")], NOW)
    assert (alone.kind, alone.path, alone.position) == ("Override", "spec.schedule", 1)
    assert alone.message.startswith("nobody is on call Wed 2026-03-04 14:00 to")
    keys = [("Override", "swap"), ("Schedule", "web")]
    (beside,) = warned(after, keys, NOW)
    assert (beside.kind, beside.path, beside.position) == ("Schedule", "spec.layers", 1)
    assert warned(overridden(remove="ada", add="eve"), keys, NOW) == []
