"""How people answer: the token of a link, and the words of a reply (`ack 7`)."""

import hashlib
import re
from dataclasses import dataclass
from functools import lru_cache

from tocsin.channels import Action
from tocsin.derived_tokens import derived_token

_TOKEN = re.compile(r"[A-Za-z0-9_-]{22}")
_VERBS: dict[str, Action] = {
    "ack": "acknowledge",
    "acknowledge": "acknowledge",
    "a": "acknowledge",
    "resolve": "resolve",
    "close": "resolve",
    "r": "resolve",
    "escalate": "escalate",
    "e": "escalate",
}
_COMMAND = re.compile(r"([a-z]+)(?:\s+#?([0-9]{1,9}))?[.!]?", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Reply:
    """What somebody wrote: an action, on the incident of this number or on the latest one."""

    action: Action
    number: int | None


def parse(text: str) -> Reply | None:
    """Return what the first line asks for; None when it is not a command.

    The whole line must be a command: "ack, but who broke it?" is talk, not an answer.
    """
    first, _, _ = text.strip().partition("\n")
    found = _COMMAND.fullmatch(first.strip())
    if found is None or (action := _VERBS.get(found[1].lower())) is None:
        return None
    return Reply(action, int(found[2]) if found[2] else None)


@lru_cache(maxsize=4096)  # Made once to store its hash, and once more to be sent.
def link_token(secret: str, page_id: str) -> str:
    """Return the token of a page's link: 128 bits that only this installation can work out.

    It is derived, so that every attempt carries the same link and no table holds it.
    """
    return derived_token(secret, "link", page_id)


def token_hash(token: str) -> str:
    """Return what is kept of a token."""
    return hashlib.sha256(token.encode()).hexdigest()


def is_token(text: str) -> bool:
    """Return whether this can be a token at all."""
    return _TOKEN.fullmatch(text) is not None
