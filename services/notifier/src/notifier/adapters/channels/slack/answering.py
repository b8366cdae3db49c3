"""Tells whoever acted what became of it: privately, and only to Slack's own addresses."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

import orjson
import structlog

from notifier.adapters.channels.slack.api import SlackApi
from notifier.adapters.channels.slack.blocks import fitted
from notifier.adapters.channels.slack.hearing import NOTE_BLOCK
from notifier.domain.acknowledging import MAX_NOTE
from tocsin.channels import Http, Interaction, NoAnswerError, NotSentError, Reaction

log = structlog.get_logger(__name__)
HOOKS = "https://hooks.slack.com/"
WITHIN = timedelta(seconds=3)
MAX_WORDS = 3000
MAX_INPUT = 3000  # Of a dialog's field, as Slack allows.
_NEVER_A_DATE = datetime.min  # noqa: DTZ901 - Slack gives Retry-After in seconds.


class Answers:
    """Answers by the address that came with the press, or in the conversation it came from."""

    def __init__(self, http: Http, api: SlackApi, options: Mapping[str, str]) -> None:
        """Answer only to addresses that begin as the option `hooks`."""
        self._http = http
        self._api = api
        self._hooks = options.get("hooks") or HOOKS

    async def tell(self, interaction: Interaction, reaction: Reaction) -> None:
        """Tell the person, and nobody else."""
        if reaction.answer == "ignored" or _is_plain_to_see(interaction, reaction):
            return
        if reaction.answer == "ask-note" and interaction.context.get("trigger_id"):
            await self._ask_note(interaction)
        elif address := interaction.context.get("response_url"):
            await self._by_address(address, reaction.text)
        elif interaction.context.get("conversation"):
            await self._in_conversation(interaction, reaction.text)

    async def _by_address(self, address: str, text: str) -> None:
        if not address.startswith(self._hooks):
            log.warning("answer_refused", channel="slack", reason="the address is not Slack's")
            return
        body = {
            "response_type": "ephemeral",
            "replace_original": False,
            "text": fitted(text, MAX_WORDS),
            "mrkdwn": False,
        }
        headers = {"content-type": "application/json; charset=utf-8"}
        try:
            answer = await self._http.post(
                address, headers=headers, body=orjson.dumps(body), within=WITHIN
            )
        except (NotSentError, NoAnswerError) as error:
            log.warning("answer_lost", channel="slack", reason=str(error))
            return
        if answer.status != 200:  # noqa: PLR2004 - HTTP's own.
            log.warning("answer_lost", channel="slack", reason=f"HTTP {answer.status}")

    async def _in_conversation(self, interaction: Interaction, text: str) -> None:
        asked: dict[str, Any] = {
            "channel": interaction.context["conversation"],
            "user": interaction.subject,
            "text": fitted(text, MAX_WORDS),
            "parse": "none",
        }
        if thread := interaction.context.get("thread"):
            asked["thread_ts"] = thread
        await self._called("chat.postEphemeral", asked)

    async def _ask_note(self, interaction: Interaction) -> None:
        conversation = interaction.message.conversation if interaction.message else ""
        kept = {"token": interaction.token, "conversation": conversation}
        view = {
            "type": "modal",
            "callback_id": "note",
            "private_metadata": orjson.dumps(kept).decode(),
            "title": _plain("Add a note"),
            "submit": _plain("Add"),
            "close": _plain("Back"),
            "blocks": [
                {
                    "type": "input",
                    "block_id": NOTE_BLOCK,
                    "label": _plain("What should the timeline say?"),
                    "element": {
                        "type": "plain_text_input",
                        "action_id": "text",
                        "multiline": True,
                        "max_length": min(MAX_INPUT, MAX_NOTE),
                    },
                }
            ],
        }
        asked = {"trigger_id": interaction.context["trigger_id"], "view": view}
        await self._called("views.open", asked)

    async def _called(self, method: str, asked: Mapping[str, Any]) -> None:
        said = await self._api.write(method, asked, WITHIN, _NEVER_A_DATE)
        if not isinstance(said, dict):
            reason = getattr(said, "reason", "")
            log.warning("answer_lost", channel="slack", method=method, reason=reason)


def _is_plain_to_see(interaction: Interaction, reaction: Reaction) -> bool:
    """Return whether the person sees it anyway: a note under a message stands there."""
    return reaction.answer in {"done", "already"} and "thread" in interaction.context


def _plain(text: str) -> dict[str, Any]:
    return {"type": "plain_text", "text": text}
