"""Targets to people, now, with the reason for each."""

from datetime import timedelta

from escalation.domain.resolution import resolve
from tests.unit.escalation.examples import NOW, catalog, people, target
from tocsin.catalog import Target

WEB = {
    "time_zone": "Europe/Paris",
    "layers": [
        {
            "name": "weekly",
            "rotation": {
                "type": "weekly",
                "start": "2026-01-05T09:00",
                "participants": ["ada", "bob"],
            },
        }
    ],
}
IN_FORCE = catalog(
    User={**people("ada", "bob", "eve"), "mute": {}},
    Team={"payments": {"members": ["bob", "mute", "ada"]}, "empty": {}},
    Schedule={"web": WEB},
)


def targets(*texts: str) -> list[Target]:
    return [Target.model_validate(target(text)) for text in texts]


def test_a_user_is_paged_because_the_level_names_them() -> None:
    resolution = resolve(targets("eve"), IN_FORCE, NOW)
    assert [(one.responder, one.reason) for one in resolution.found] == [("eve", ("user eve",))]
    assert resolution.missed == ()


def test_a_schedule_is_who_is_on_call_now() -> None:
    (found,) = resolve(targets("schedule:web"), IN_FORCE, NOW).found
    assert found.responder == "ada"
    assert found.reason == ("schedule web", "layer weekly, turn 8", "user ada")


def test_a_team_is_its_members_and_says_who_cannot_be_paged() -> None:
    resolution = resolve(targets("team:payments"), IN_FORCE, NOW)
    assert [one.responder for one in resolution.found] == ["bob", "ada"]
    assert resolution.missed == ("user mute has no contact method",)


def test_the_same_person_on_two_targets_is_paged_once() -> None:
    resolution = resolve(targets("ada", "schedule:web", "team:payments"), IN_FORCE, NOW)
    assert [one.responder for one in resolution.found] == ["ada", "bob"]
    assert resolution.found[0].reason == ("user ada",)


def test_what_is_not_there_is_said() -> None:
    wanted = targets("gone", "team:gone", "schedule:gone", "team:empty", "mute")
    assert resolve(wanted, IN_FORCE, NOW).missed == (
        "user gone is not in the catalog",
        "team gone is not in the catalog",
        "schedule gone is not in the catalog",
        "team empty has no members",
        "user mute has no contact method",
    )


def test_a_deleted_participant_is_a_gap_with_its_reason() -> None:
    without_ada = catalog(User=people("bob"), Schedule={"web": WEB})
    resolution = resolve(targets("schedule:web"), without_ada, NOW)
    assert resolution.found == ()
    assert resolution.missed == (
        "schedule web: nobody is on call; layer weekly, turn 8: ada cannot be reached",
    )


def test_an_override_stands_in_and_the_page_says_why() -> None:
    swap = {
        "schedule": "web",
        "from": "2026-03-02T08:00",
        "until": "2026-03-02T12:00",
        "remove": "ada",
        "add": "eve",
        "reason": "dentist",
    }
    with_swap = catalog(
        User=people("ada", "bob", "eve"), Schedule={"web": WEB}, Override={"swap": swap}
    )
    (found,) = resolve(targets("schedule:web"), with_swap, NOW).found
    assert found.responder == "eve"
    assert found.reason == (
        "schedule web",
        "layer weekly, turn 8",
        "override swap: eve instead of ada (dentist)",
        "user eve",
    )


def next_too(name: str = "web") -> list[Target]:
    return [Target.model_validate({"schedule": name, "with_next": True})]


def test_with_next_whoever_comes_next_is_paged_as_well_and_the_page_says_so() -> None:
    found = resolve(next_too(), IN_FORCE, NOW).found
    assert [one.responder for one in found] == ["ada", "bob"]
    assert found[1].reason == (
        "schedule web",
        "layer weekly, turn 9",
        "next on call, from Mon 2026-03-09 08:00 UTC",
        "user bob",
    )


def test_with_next_a_gap_is_looked_beyond() -> None:
    gap = {"schedule": "web", "from": "2026-03-09T09:00", "until": "2026-03-16T09:00", "cover": []}
    known = catalog(
        User=people("ada", "bob"),
        Schedule={
            "web": {
                **WEB,
                "layers": [
                    {
                        "name": "weekly",
                        "rotation": {
                            "type": "weekly",
                            "start": "2026-03-02T09:00",
                            "participants": ["ada", "ada", "bob"],
                        },
                    }
                ],
            }
        },
        Override={"away": gap},
    )
    found = resolve(next_too(), known, NOW).found
    assert [one.responder for one in found] == ["ada", "bob"]


def test_with_next_where_nobody_else_comes_it_is_said() -> None:
    alone = catalog(User=people("ada"), Schedule={"web": WEB})
    resolution = resolve(next_too(), alone, NOW)
    assert [one.responder for one in resolution.found] == ["ada"]
    assert resolution.missed == ("schedule web: nobody else is on call in the next month",)


def test_with_next_a_gap_now_pages_whoever_is_next() -> None:
    alone = catalog(User=people("ada"), Schedule={"web": WEB})
    resolution = resolve(next_too(), alone, NOW - timedelta(days=1))
    assert [one.responder for one in resolution.found] == ["ada"]
    assert "nobody is on call" in resolution.missed[0]
