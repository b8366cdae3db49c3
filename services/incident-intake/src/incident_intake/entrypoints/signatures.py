"""Signatures: whether a body comes from somebody who knows the secret, by each way of signing it.

Signed is what was sent, byte for byte: before it is unpacked, and never JSON that is written anew.
"""

import base64
import binascii
import hmac
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from starlette.datastructures import Headers

from tocsin.catalog.integrations import ALERTMANAGER, GENERIC
from tocsin.errors import InputError

WINDOW = 300  # Seconds that a signature is good for, whichever clock is ahead.
SHORTEST = 16
MOST_SECRETS = 2
WEBHOOK_PREFIX = "whsec_"
WEBHOOK_BYTES = range(24, 65)
_STAMP = re.compile(r"[0-9]{1,12}")
_HEX = re.compile(r"[0-9a-fA-F]{64}")
_HUB = re.compile(r"sha256=[0-9a-fA-F]{64}")
_VERSION = "v1,"
STANDARD = "webhook-signature"
HUB = "X-Hub-Signature-256"
GRAFANA = "X-Grafana-Alerting-Signature"
GRAFANA_TIME = "X-Grafana-Alerting-Timestamp"

Outcome = Literal["missing", "malformed", "old", "wrong"]


@dataclass(frozen=True, slots=True)
class Secret:
    """A secret as it is typed, and the key that Standard Webhooks reads in it, if it is one."""

    typed: bytes
    webhook_key: bytes | None


class BadSignatureError(InputError):
    """A request is not signed as it has to be: in which header, and in which of four respects."""

    def __init__(self, header: str, outcome: Outcome, text: str) -> None:
        """Keep the parts."""
        super().__init__(f"{header}: {text}")
        self.header = header
        self.outcome = outcome


@dataclass(frozen=True, slots=True)
class Way:
    """One way of signing: the header it is known by, how it is checked, how it is computed.

    `check` returns the id that was signed together with the body, where the way has one.
    """

    header: str
    check: Callable[[Headers, bytes, Sequence[Secret], datetime], str | None]
    how: str


def secrets_of(text: str) -> tuple[Secret, ...]:
    """Return a secret, or two with a comma between: either fits while one replaces the other.

    ValueError says what is wrong with it, and never what it is.
    """
    typed = [part.strip() for part in text.split(",") if part.strip()]
    if not typed:
        raise ValueError("is not set")
    if len(typed) > MOST_SECRETS:
        raise ValueError("holds more than two secrets; a comma stands between them, and in none")
    return tuple(_secret(each) for each in typed)


def _secret(typed: str) -> Secret:
    if len(typed) < SHORTEST:
        raise ValueError(f"has fewer than {SHORTEST} characters")
    key = _webhook_key(typed.removeprefix(WEBHOOK_PREFIX))
    if key is None and typed.startswith(WEBHOOK_PREFIX):
        raise ValueError(f"needs 24 to 64 bytes in base64 behind {WEBHOOK_PREFIX}")
    return Secret(typed.encode("utf-8", "surrogateescape"), key)


def _webhook_key(encoded: str) -> bytes | None:
    try:
        key = base64.b64decode(encoded + "=" * (-len(encoded) % 4), validate=True)
    except (binascii.Error, ValueError):  # ValueError: not ASCII.
        return None
    return key if len(key) in WEBHOOK_BYTES else None


def verify(
    source: str, headers: Headers, body: bytes, secrets: Sequence[Secret], now: datetime
) -> str | None:
    """Check a request by the way whose header it has; return the id that was signed with it."""
    ways = WAYS[source]
    for way in ways:
        if way.header in headers:
            return way.check(headers, body, secrets, now)
    others = "".join(f", and so is {way.header}" for way in ways[1:])
    raise BadSignatureError(ways[0].header, "missing", f"is missing{others}")


def how(source: str) -> str:
    """Say how a signature of this source is computed."""
    ways = "; or ".join(way.how for way in WAYS[source])
    return f"Send {ways}. Signed is the body as it is sent: packed, if it is."


def _standard(
    headers: Headers, body: bytes, secrets: Sequence[Secret], now: datetime
) -> str | None:
    message_id, stamp = _only(headers, "webhook-id"), _stamp(headers, "webhook-timestamp")
    given = [each for each in _only(headers, STANDARD).split() if each.startswith(_VERSION)]
    if not given:
        raise BadSignatureError(STANDARD, "malformed", "has no signature of version v1: v1,BASE64")
    signed = f"{message_id}.{stamp}.".encode("latin-1") + body
    keys = [one.webhook_key for one in secrets if one.webhook_key is not None]
    fits = [_VERSION + base64.b64encode(_mac(key, signed)).decode() for key in keys]
    _compare(STANDARD, given, fits)
    _is_recent("webhook-timestamp", stamp, now)
    return message_id


def _hub(headers: Headers, body: bytes, secrets: Sequence[Secret], now: datetime) -> str | None:
    del now  # No time is signed this way.
    given = _only(headers, HUB)
    if not _HUB.fullmatch(given):
        raise BadSignatureError(HUB, "malformed", "is not sha256= and 64 hex digits")
    _compare(HUB, [given.lower()], ["sha256=" + _mac(one.typed, body).hex() for one in secrets])
    return None


def _grafana(headers: Headers, body: bytes, secrets: Sequence[Secret], now: datetime) -> str | None:
    given = _only(headers, GRAFANA)
    if not _HEX.fullmatch(given):
        raise BadSignatureError(GRAFANA, "malformed", "is not 64 hex digits")
    stamp = _stamp(headers, GRAFANA_TIME) if GRAFANA_TIME in headers else None
    signed = body if stamp is None else f"{stamp}:".encode() + body
    _compare(GRAFANA, [given.lower()], [_mac(one.typed, signed).hex() for one in secrets])
    if stamp is not None:
        _is_recent(GRAFANA_TIME, stamp, now)
    return None


def _mac(key: bytes, signed: bytes) -> bytes:
    return hmac.digest(key, signed, "sha256")


def _only(headers: Headers, name: str) -> str:
    """Return a header that has to be there once: of two, nobody can say which was signed."""
    found = headers.getlist(name)
    if len(found) > 1:
        raise BadSignatureError(name, "malformed", f"came {len(found)} times; send it once")
    if not found or not found[0]:
        raise BadSignatureError(name, "missing", "is missing")
    return found[0]


def _stamp(headers: Headers, name: str) -> str:
    stamp = _only(headers, name)
    if not _STAMP.fullmatch(stamp):
        raise BadSignatureError(name, "malformed", "is not a time in Unix seconds")
    return stamp


def _compare(header: str, given: Sequence[str], fits: Sequence[str]) -> None:
    # Each is compared with each, so that time does not tell which; bytes, so that any text can be.
    found = [hmac.compare_digest(one.encode(), other.encode()) for one in given for other in fits]
    if not any(found):
        raise BadSignatureError(header, "wrong", "does not fit the body and the secret")


def _is_recent(header: str, stamp: str, now: datetime) -> None:
    ahead = int(stamp) - int(now.timestamp())
    if abs(ahead) > WINDOW:
        where = "ahead of" if ahead > 0 else "behind"
        text = f"is {abs(ahead)} seconds {where} our clock; sign each attempt anew, and set clocks"
        raise BadSignatureError(header, "old", text)


_OVER = "of the HMAC-SHA256 over"
_TIME = "in Unix seconds, at most 5 minutes from our clock"
WAYS: dict[str, tuple[Way, ...]] = {
    GENERIC: (
        Way(
            STANDARD,
            _standard,
            f"{STANDARD}: v1,BASE64 {_OVER} `id.timestamp.body`, with webhook-id and"
            f" webhook-timestamp ({_TIME}), as Standard Webhooks says",
        ),
        Way(HUB, _hub, f"{HUB}: sha256=HEX {_OVER} the body"),
    ),
    ALERTMANAGER: (
        Way(
            GRAFANA,
            _grafana,
            f"{GRAFANA}: HEX {_OVER} the body, or over `timestamp:body` with {GRAFANA_TIME}"
            f" ({_TIME}), as Grafana's webhook makes it. Alertmanager itself cannot sign: for it,"
            " take secret_env out of the integration",
        ),
    ),
}
