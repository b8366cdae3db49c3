"""What Slack did not say, or said too late, or says of others: refused, and never acted upon."""

import json
from datetime import timedelta
from random import Random

import pytest

from notifier.adapters.channels.slack.signing import signature
from tests.security.mutations import mutated
from tests.slack.presses import FORM, HEARING, SIGNING, Hands, commands
from tests.slack.world import ChatWorld

MINUTES = timedelta(minutes=1)


async def refused(hands: Hands, status: int, verb: str = "acknowledge") -> None:
    answer = await hands.press("ada", hands.world.in_channel()[0], verb)
    assert answer.status_code == status
    assert await commands(hands) == []
    assert hands.told == []


async def test_a_wrong_secret(hands: Hands) -> None:
    hands.secret = "another"
    await refused(hands, 401)


@pytest.mark.parametrize("late", [6, -6, 600])
async def test_too_late_or_too_early(hands: Hands, late: int) -> None:
    hands.late = late * MINUTES
    await refused(hands, 401)


async def test_a_clock_that_is_minutes_off_is_borne(hands: Hands) -> None:
    hands.late = 4 * MINUTES
    await hands.press("ada", hands.world.in_channel()[0], "acknowledge")
    assert len(await commands(hands)) == 1


@pytest.mark.parametrize("name", ["x-slack-signature", "x-slack-request-timestamp"])
@pytest.mark.parametrize("value", ["", "v0=", "ä", "1" * 5000, "v1=00", "-1", "1e9", "nan"])
async def test_garbled_headers(hands: Hands, name: str, value: str) -> None:
    hands.more = {name: value}
    if value.isascii():
        await refused(hands, 401)


async def test_another_workspace_or_app(hands: Hands) -> None:
    hands.team = "T0OTHER"
    await refused(hands, 403)
    answer = await hands.commands("ada", "ack 7")
    assert answer.status_code == 403
    hands.team, hands.app = HEARING["team"], "A0OTHER"
    await refused(hands, 403)
    answer = await hands.replies("ada", hands.world.in_channel()[0], "ack")
    assert answer.status_code == 403
    assert await commands(hands) == []


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b"", FORM),
        (b"payload=%7B", FORM),
        (b"payload=null", FORM),
        (b"payload=%5B%5D", FORM),
        (b"payload={}", FORM),
        (b"\xff\xfe", FORM),
        (b"a=1&" * 100, FORM),
        (b"{", "application/json"),
        (b"[]", "application/json"),
        (b'{"type":"event_callback"}', "application/json"),
        (b'{"type":"url_verification"}', "application/json"),
        (b'{"type":["x"]}', "application/json"),
        (b"[" * 100_000, "application/json"),
        (b"{}", "text/plain"),
        (b"{}", ""),
    ],
)
async def test_signed_nonsense_is_400(hands: Hands, body: bytes, kind: str) -> None:
    answer = await hands.raw(body, kind)

    assert answer.status_code == 400
    assert answer.headers["content-type"] == "application/problem+json"


async def test_the_address_is_proven_to_slack_only_when_it_signs(hands: Hands) -> None:
    body = json.dumps({"type": "url_verification", "challenge": "c-1"}).encode()
    answer = await hands.raw(body, "application/json")
    assert (answer.status_code, answer.json()) == (200, {"challenge": "c-1"})
    hands.secret = "another"
    assert (await hands.raw(body, "application/json")).status_code == 401


async def test_the_certificate_check_is_answered(hands: Hands) -> None:
    assert (await hands.raw(b"ssl_check=1&token=x", FORM)).status_code == 200


async def test_while_a_secret_is_replaced_both_fit(hands: Hands) -> None:
    hands.world.options["signing_secret"] = f"new,{SIGNING}"
    hands.world.start()
    for secret in ("new", SIGNING):
        hands.secret = secret
        answer = await hands.press("ada", hands.world.in_channel()[0], "acknowledge")
        assert answer.status_code == 200


def test_the_published_example_has_its_signature() -> None:
    body = b"payload=%7B%22type%22%3A%22block_actions%22%7D"
    assert signature(SIGNING, "1531420618", body) == (
        "v0=9dffc25b49a4a7fc2e15c9c9450bf8af09eb501fcef9039eaea3deb58af0c82c"
    )


def test_a_slack_that_is_heard_needs_to_know_of_whom() -> None:
    with pytest.raises(ValueError, match="team and app"):
        ChatWorld(signing_secret="s")


async def test_a_thousand_mutations_that_are_signed_break_nothing(hands: Hands) -> None:
    """The signature proves the platform; what it signed may still be anything."""
    rng = Random(7)
    (message,) = hands.world.in_channel()
    press = {**hands.payload("ada", "block_actions"), "container": {"message_ts": message.ts}}
    event = {
        "type": "event_callback",
        "team_id": hands.team,
        "api_app_id": hands.app,
        "event_id": "Ev1",
        "event": {"type": "message", "thread_ts": message.ts, "user": "U0ADA", "text": "x"},
    }
    for _ in range(500):
        form = {"payload": json.dumps(mutated(rng, press), default=str)}
        assert (await hands.sends(form)).status_code in {200, 400, 403, 413}
        body = json.dumps(mutated(rng, event), default=str).encode("utf-8", "surrogatepass")
        answer = await hands.raw(body, "application/json")
        assert answer.status_code in {200, 400, 403, 413}
