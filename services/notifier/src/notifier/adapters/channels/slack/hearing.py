"""What Slack tells: presses, words in a dialog, commands and replies in a thread."""

import re
from collections.abc import Mapping, Sequence
from typing import Any, cast, get_args
from urllib.parse import parse_qs

import orjson

from tocsin.channels import (
    Action,
    ExternalRef,
    Handshake,
    Heard,
    HttpReply,
    Ignored,
    Interaction,
    RawRequest,
    Rejected,
)

FORM = "application/x-www-form-urlencoded"
MAX_FIELDS = 50
MAX_CHALLENGE = 500
NOTE_BLOCK = "note"
_MALFORMED = Rejected("is not what Slack says", 400)
_ELSEWHERE = Rejected("is of another workspace or app", 403)
_MARKED = re.compile(r"<([^<>|]*)(?:\|([^<>]*))?>")
Said = Mapping[str, Any]


class Home:
    """The workspace and the app that we are of: what comes from another is refused."""

    def __init__(self, team: str, app: str) -> None:
        """Hear only `team` and `app`."""
        self._team = team
        self._app = app

    def heard(self, request: RawRequest) -> Sequence[Heard] | Rejected:
        """Return what a request says."""
        try:
            kind, said = _read(request)
        except (ValueError, KeyError, TypeError):
            return _MALFORMED
        return self.told(kind, said)

    def told(self, kind: str, said: Said) -> Sequence[Heard] | Rejected:
        """Return what Slack says, whichever way it came."""
        try:
            if kind == "challenge":
                reply = orjson.dumps({"challenge": str(said["challenge"])[:MAX_CHALLENGE]})
                return [Handshake(HttpReply(body=reply))]
            if kind == "ssl_check":
                return [Handshake(HttpReply())]
            if not self._is_ours(kind, said):
                return _ELSEWHERE
            readers = {"interactive": _pressed, "slash_commands": _commanded, "events_api": _event}
            heard = readers[kind](said)
            return heard if all(map(_is_sound, heard)) else _MALFORMED
        except (ValueError, KeyError, TypeError, AttributeError):
            return _MALFORMED

    def _is_ours(self, kind: str, said: Said) -> bool:
        if kind == "interactive":
            team = (said.get("team") or {}).get("id") or said["user"].get("team_id")
        else:
            team = said["team_id"]
        return bool(team == self._team and said.get("api_app_id") == self._app)


def _is_sound(heard: Heard) -> bool:
    """Return whether the names in it can be names: no database keeps a NUL, and Slack has none."""
    if not isinstance(heard, Interaction):
        return True
    names = (heard.external_id, heard.subject, heard.token, str(heard.message or ""))
    return all(one.isascii() and one.isprintable() for one in (*names, *heard.context.values()))


def _read(request: RawRequest) -> tuple[str, Said]:
    content = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if content == "application/json":
        said = orjson.loads(request.body)
        known = {"url_verification": "challenge", "event_callback": "events_api"}
        return known[said["type"]], said
    if content != FORM:
        raise ValueError("a form or JSON")
    form = parse_qs(request.body.decode(), max_num_fields=MAX_FIELDS, keep_blank_values=True)
    fields = {name: values[-1] for name, values in form.items()}
    if "payload" in fields:
        return "interactive", orjson.loads(fields["payload"])
    if fields.get("ssl_check") == "1":
        return "ssl_check", fields
    return "slash_commands", fields


def _pressed(said: Said) -> Sequence[Heard]:
    if said["type"] == "view_submission":
        return [_written(said)]
    if said["type"] != "block_actions":
        return [Ignored(f"an interaction of type {str(said['type'])[:40]}")]
    where = said["container"]
    return [
        Interaction(
            external_id=f"press {said['user']['id']} {act['action_ts']} {act['action_id']}"[:300],
            subject=str(said["user"]["id"]),
            action=_action(act["action_id"].partition(".")[0]),
            token=_chosen(act).partition(".")[0],
            text=_sayable(_chosen(act).partition(".")[2]),
            message=ExternalRef(str(where["message_ts"]), str(where["channel_id"])),
            context=_ways_back(said),
        )
        for act in said["actions"]
    ]


def _chosen(act: Said) -> str:
    option = act.get("selected_option") or {}
    return str(act.get("value") or option.get("value") or "")


def _action(word: str) -> Action:
    if word not in get_args(Action):
        raise ValueError("no action of ours")
    return cast("Action", word)


def _written(said: Said) -> Heard:
    """Return the note that somebody wrote in a dialog."""
    view = said["view"]
    kept = orjson.loads(view["private_metadata"])
    (field,) = view["state"]["values"][NOTE_BLOCK].values()
    return Interaction(
        external_id=f"view {view['id']}"[:300],
        subject=str(said["user"]["id"]),
        action="note",
        token=str(kept["token"]),
        text=_sayable(str(field["value"] or "")),
        context={"conversation": str(kept["conversation"])},
    )


def _commanded(said: Said) -> Sequence[Heard]:
    return [
        Interaction(
            external_id=f"command {said['trigger_id']}"[:300],
            subject=str(said["user_id"]),
            text=plain(str(said.get("text", ""))),
            context=_ways_back(said) | {"conversation": str(said.get("channel_id", ""))},
        )
    ]


def _event(said: Said) -> Sequence[Heard]:
    """Return a reply in a thread. What bots write, ours among them, and edits are no replies."""
    event, identity = said["event"], str(said["event_id"])
    thread = event.get("thread_ts")
    is_reply = event["type"] == "message" and thread and thread != event.get("ts")
    if not is_reply or event.get("bot_id") or not event.get("user"):
        return [Ignored("no reply in a thread")]
    if event.get("subtype") not in {None, "thread_broadcast", "file_share"}:
        return [Ignored("no reply in a thread")]
    return [
        Interaction(
            external_id=f"event {identity}"[:300],
            subject=str(event["user"]),
            text=plain(str(event.get("text", ""))),
            message=ExternalRef(str(thread), str(event["channel"])),
            context={"conversation": str(event["channel"]), "thread": str(thread)},
        )
    ]


def _ways_back(said: Said) -> dict[str, str]:
    return {name: str(said[name]) for name in ("response_url", "trigger_id") if said.get(name)}


def plain(text: str) -> str:
    """Return the words that somebody wrote, without Slack's marks and escapes."""
    words = _MARKED.sub(_spoken, _sayable(text))
    # The ampersand last: what was written as an escape stays one.
    return words.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&").strip()


def _sayable(text: str) -> str:
    """Return words that any database and any log can keep."""
    return text.replace("\x00", "").encode("utf-8", "replace").decode()


def _spoken(found: re.Match[str]) -> str:
    target, label = found[1], found[2]
    if target[:1] in {"@", "#", "!"}:
        return f"{target[0].replace('!', '@')}{label or target[1:]}"
    return f"{label} ({target})" if label and label != target else target
