"""Channels and webhooks as targets: what they name is checked, and that they wake nobody is said."""

from typing import Any

import pytest

from tests.unit.common.test_catalog_policies import ADA, PEOPLE, SETTINGS, level, policy
from tests.unit.common.test_catalog_validation import document, told, user
from tocsin.catalog import Catalog, Target
from tocsin.catalog.planning import Held, catalog_of

OPS = document("Team", "ops", chat={"slack": "C024BE91L"})
MUTE = document("Team", "opsy", members=["ada"])
BOARD = document("Webhook", "board", url="https://hooks.example.org/board")
CHANNEL, HOOK = {"channel": "ops"}, {"webhook": "board"}
LEVEL = "EscalationPolicy p: spec.levels[0]"
WRONG_ADDRESS = "is not an address; write https://hooks.example.org/on-call"


def wrong(*targets: dict[str, Any], **more: Any) -> list[str]:
    """Return what is wrong with a level of these targets, among the documents above."""
    return told(*PEOPLE, OPS, MUTE, BOARD, SETTINGS, policy(level(*targets), **more))


def test_a_level_may_tell_a_channel_and_a_webhook_beside_somebody() -> None:
    assert wrong(ADA, CHANNEL, HOOK) == []


@pytest.mark.parametrize(
    ("target", "mistake"),
    [
        (
            {"channel": "opps"},
            f"{LEVEL}.targets[0].channel: there is no Team 'opps'; did you mean \"ops\"?",
        ),
        (
            {"webhook": "bord"},
            f"{LEVEL}.targets[0].webhook: there is no Webhook 'bord'; did you mean \"board\"?",
        ),
        ({"chanel": "ops"}, f'{LEVEL}.targets[0].chanel: unknown field; did you mean "channel"?'),
        (
            {"channel": "ops", "webhook": "board"},
            (
                f"{LEVEL}.targets[0]:"
                " a target is exactly one of user, schedule, team, channel or webhook"
            ),
        ),
        (
            {"channel": "opsy"},
            (
                f"{LEVEL}.targets[0].channel: team opsy has no chat; give it one:"
                ' `chat: {slack: C024BE91L}`; did you mean "ops"?'
            ),
        ),
    ],
)
def test_a_target_with_a_mistake(target: dict[str, str], mistake: str) -> None:
    assert mistake in wrong(target, ADA)


@pytest.mark.parametrize("target", [CHANNEL, HOOK])
@pytest.mark.parametrize("kind", ["EscalationPolicy", "Settings"])
def test_a_last_resort_has_to_be_somebody(target: dict[str, str], kind: str) -> None:
    more = {"levels": [level(ADA)]} if kind == "EscalationPolicy" else {}
    (said,) = told(*PEOPLE, OPS, BOARD, document(kind, "x", **more, last_resort=target))
    assert said == (
        f"{kind} x: spec.last_resort: {Target.model_validate(target)} wakes nobody, and a last"
        " resort has to: name a user, a schedule or a team; a level may tell it"
    )


def test_a_level_that_only_tells_is_warned_of() -> None:
    documents = [*PEOPLE, OPS, BOARD, SETTINGS]
    warning = "warning: wakes nobody, only tells channel ops, webhook board: the next level follows"
    assert told(*documents, policy(level(CHANNEL, HOOK), level(ADA))) == [
        f"{LEVEL}: {warning} at once"
    ]


def test_a_policy_that_only_tells_is_warned_of() -> None:
    assert wrong(CHANNEL)[1:] == [
        (
            "EscalationPolicy p: spec.levels: warning:"
            " no level names anybody to wake: only the last resort is paged, and at once"
        )
    ]


def test_a_level_is_not_made_louder_by_what_it_tells() -> None:
    quiet = user("mute", contact_methods=[], notification_rules=[])
    levels = policy(level({"user": "mute"}, CHANNEL), level(ADA))
    (said,) = [one for one in told(*PEOPLE, quiet, OPS, SETTINGS, levels) if "levels[0]" in one]
    assert said.endswith("nobody of this level can be paged: user mute has no contact method")


@pytest.mark.parametrize("url", ["", "hooks.example.org", "ftp://x.example", "https:///x", "h t"])
def test_a_webhook_needs_an_address(url: str) -> None:
    (said,) = told(document("Webhook", "board", url=url))
    assert said == f"Webhook board: spec.url: {url!r} {WRONG_ADDRESS}"


def test_what_another_set_tells_cannot_be_taken_away() -> None:
    held = [
        Held("EscalationPolicy", "p", "theirs", {"levels": [{"targets": [ADA, CHANNEL, HOOK]}]}),
        Held("User", "ada", "theirs", user()["spec"]),
    ]
    known = catalog_of(held, 1)
    assert told(OPS, BOARD, known=known) == []
    gone = told(OPS, known=known)
    assert [one.partition(", which")[0] for one in gone] == [
        "EscalationPolicy p: spec.levels[0].targets[2].webhook: names Webhook 'board'"
    ]


def test_a_catalog_finds_its_webhooks() -> None:
    found = catalog_of([Held("Webhook", "board", "s", BOARD["spec"])], 1)
    webhook = found.webhook("board")
    assert webhook is not None
    assert webhook.url == "https://hooks.example.org/board"
    assert Catalog().webhook("board") is None
