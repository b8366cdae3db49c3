"""What people do in Slack, and what nobody may do there."""

from datetime import timedelta

import pytest

from notifier.adapters.channels.slack.hearing import plain
from tests.slack.presses import Hands, commands
from tests.slack.world import acked, over
from tests.unit.notifier.world import said
from tocsin.catalog import Catalog
from tocsin.events import (
    AcknowledgeIncident,
    AddNote,
    Command,
    EscalateIncident,
    OnCallChanged,
    OpenIncident,
    ResolveIncident,
    SnoozeIncident,
)

# ---------------------------------------------------------------- buttons


@pytest.mark.parametrize(
    ("verb", "kind"),
    [
        ("acknowledge", AcknowledgeIncident),
        ("resolve", ResolveIncident),
        ("escalate", EscalateIncident),
    ],
)
@pytest.mark.parametrize("place", ["direct", "channel"])
async def test_a_press_is_a_command_of_whoever_pressed(
    hands: Hands, verb: str, kind: type[Command], place: str
) -> None:
    shown = hands.world.told_to("ada") if place == "direct" else hands.world.in_channel()
    answer = await hands.press("bob", shown[0], verb)

    assert (answer.status_code, answer.content) == (200, b"")
    (command,) = await commands(hands)
    assert type(command) is kind
    assert (command.by.name, command.via, command.incident_id) == ("bob", "slack", "inc-7")
    assert hands.told == [f"You asked to {verb} #7."]


async def test_a_snooze_ends_when_it_was_chosen_to(hands: Hands) -> None:
    await hands.press("ada", hands.world.in_channel()[0], "snooze")

    (command,) = await commands(hands)
    assert isinstance(command, SnoozeIncident)
    assert command.until == hands.world.clock.now() + timedelta(hours=1)


async def test_a_note_is_asked_for_and_written(hands: Hands) -> None:
    await hands.press("ada", hands.world.in_channel()[0], "note")
    assert await commands(hands) == []
    await hands.writes_note("ada", "the <b>pool</b> was full & slow")

    (command,) = await commands(hands)
    assert isinstance(command, AddNote)
    assert (command.text, command.incident_id) == ("the <b>pool</b> was full & slow", "inc-7")


async def test_a_press_that_comes_twice_has_one_effect(hands: Hands) -> None:
    (message,) = hands.world.in_channel()
    await hands.press("ada", message, "acknowledge")
    hands.count -= 1
    await hands.press("ada", message, "acknowledge")
    # Also for the process after this one.
    hands.world.start()
    hands.count -= 1
    await hands.press("ada", message, "acknowledge")

    assert len(await commands(hands)) == 1


async def test_a_kill_between_the_press_and_its_publication_loses_nothing(hands: Hands) -> None:
    await hands.press("ada", hands.world.in_channel()[0], "acknowledge")
    hands.world.start()  # The row waits in the outbox, and the press is remembered beside it.

    assert len(await commands(hands)) == 1


async def test_a_stale_button_is_answered_kindly_and_changes_nothing(hands: Hands) -> None:
    (message,) = hands.world.in_channel()
    before = [dict(one) for one in message.blocks]
    await hands.world.moves(acked("inc-7"), over("inc-7"))
    await commands(hands)
    message.blocks = before
    for verb in ("acknowledge", "resolve", "escalate", "snooze"):
        await hands.press("ada", message, verb)

    assert await commands(hands) == []
    assert hands.told == ["Already resolved by bob."] * 4


async def test_a_token_in_another_message_does_nothing(hands: Hands) -> None:
    await hands.world.rings("inc-8", page=False)
    first, second = hands.world.in_channel()
    stolen = {"value": first.buttons["acknowledge"]["value"]}
    await hands.press("ada", second, "acknowledge", **stolen)

    assert await commands(hands) == []
    assert hands.told == ["There is no such incident."]


async def test_who_has_left_can_press_nothing_any_more(hands: Hands) -> None:
    hands.world.catalog.replace(Catalog(2, {}))
    await hands.press("ada", hands.world.in_channel()[0], "acknowledge")

    assert await commands(hands) == []
    assert "tocsin chat link" in hands.told[0]


async def test_an_answer_goes_to_slack_and_nowhere_else(hands: Hands) -> None:
    hands.world.options["hooks"] = "https://hooks.slack.com/"
    hands.world.start()
    await hands.press("ada", hands.world.in_channel()[0], "acknowledge")

    assert len(await commands(hands)) == 1
    assert hands.told == []


# ---------------------------------------------------------------- threads


async def test_a_reply_in_the_thread_is_a_note(hands: Hands) -> None:
    await hands.replies("bob", hands.world.in_channel()[0], "it is <@U0ADA>'s &lt;pool&gt;")

    (command,) = await commands(hands)
    assert isinstance(command, AddNote)
    assert (command.text, command.by.name) == ("it is @U0ADA's <pool>", "bob")
    assert hands.told == []


async def test_a_reply_that_is_an_answer_is_one(hands: Hands) -> None:
    await hands.replies("bob", hands.world.told_to("ada")[0], "ack")

    (command,) = await commands(hands)
    assert isinstance(command, AcknowledgeIncident)


async def test_what_is_no_reply_of_a_person_to_us_is_ignored(hands: Hands) -> None:
    (message,) = hands.world.in_channel()
    await hands.replies("bob", message, "of a bot", bot_id="B1")
    await hands.replies("bob", message, "an edit", subtype="message_changed")
    await hands.replies("bob", message, "elsewhere", thread_ts="1.1")
    await hands.replies("bob", message, "no thread", thread_ts=None)
    await hands.replies("U0EVE", message, "elsewhere", thread_ts="1.1")
    await hands.events({"type": "reaction_added", "user": "U0ADA"})

    assert await commands(hands) == []
    assert hands.world.slack.workspace.ephemeral == []


async def test_a_stranger_in_the_thread_is_told_privately_how_to_link(hands: Hands) -> None:
    await hands.replies("U0EVE", hands.world.in_channel()[0], "me too")

    assert await commands(hands) == []
    ((where, who, text),) = hands.world.slack.workspace.ephemeral
    assert (where, who) == ("C0PAYMENTS", "U0EVE")
    assert "tocsin chat link" in text


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("<https://x.example/a?b=1&amp;c=2|x.example>", "x.example (https://x.example/a?b=1&c=2)"),
        ("<https://x.example>", "https://x.example"),
        ("<!here> <#C1|general> <@U1>", "@here #general @U1"),
        ("&amp;lt;", "&lt;"),
    ],
)
def test_words_come_without_slacks_marks(written: str, meant: str) -> None:
    assert plain(written) == meant


# ---------------------------------------------------------------- commands


async def test_incidents_are_listed(hands: Hands) -> None:
    await hands.world.rings("inc-8", page=False)
    await hands.world.moves(acked("inc-7"))
    await hands.commands("ada", "incidents")
    await hands.world.moves(over("inc-7"), over("inc-8"))
    await hands.commands("ada", "incidents")

    first, second = hands.told
    assert first.splitlines() == [
        "#8 CRITICAL checkout: Checkout 8 is slow",
        "#7 CRITICAL checkout: Checkout 7 is slow — acknowledged by bob",
    ]
    assert second == "Nothing is open."


async def test_who_is_on_call_is_told_as_it_was_announced(hands: Hands) -> None:
    now = hands.world.clock.now()
    await hands.commands("ada", "on-call")
    payments = OnCallChanged(
        schedule="payments",
        responders=("ada",),
        since=now,
        until=now + timedelta(hours=1),
        then=("bob",),
        catalog_version=1,
    )
    gone = payments.model_copy(update={"schedule": "old"})
    await hands.world.hears(said(payments), said(gone))
    await hands.world.hears(said(gone.model_copy(update={"removed": True})))
    await hands.commands("ada", "on-call")
    await hands.world.lasts(timedelta(hours=2))
    await hands.commands("ada", "on-call")

    first, second, third = hands.told
    assert "Nothing has been announced" in first
    assert second == "payments: ada until 2026-01-05 10:00 UTC, then bob"
    assert "no hand-off has been heard of" in third


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("ack 7", AcknowledgeIncident),
        ("ack #7", AcknowledgeIncident),
        ("ack", AcknowledgeIncident),
        ("resolve 7", ResolveIncident),
        ("escalate 7", EscalateIncident),
        ("snooze 7 4h", SnoozeIncident),
        ("snooze 7", SnoozeIncident),
        ("note 7 the pool was full", AddNote),
        ("page checkout Nothing works", OpenIncident),
    ],
)
async def test_words_are_commands(hands: Hands, text: str, kind: type[Command]) -> None:
    await hands.commands("ada", text)

    (command,) = await commands(hands)
    assert type(command) is kind
    assert command.by.name == "ada"
    assert len(hands.told) == 1


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "nothing was done"),
        ("dance", "nothing was done"),
        ("ack 99", "no such incident"),
        ("snooze 7 soon", "is not a duration"),
        ("page nobody Nothing works", "no service"),
        ("page chekout Nothing works", 'did you mean "checkout"?'),
        ("page checkout", "nothing was done"),
        ("help", "incidents: what is open"),
    ],
)
async def test_what_cannot_be_done_says_so(hands: Hands, text: str, said: str) -> None:
    await hands.commands("ada", text)

    assert await commands(hands) == []
    assert said in hands.told[0]


async def test_a_hostile_title_is_listed_harmlessly(hands: Hands) -> None:
    await hands.commands("ada", "page checkout <!channel> \u202e&lt;b&gt; <https://e.example|x>")
    (opened,) = await commands(hands)
    assert isinstance(opened, OpenIncident)
    await hands.commands("ada", "page <!channel> x")
    assert all("<" not in text for text in hands.told)
