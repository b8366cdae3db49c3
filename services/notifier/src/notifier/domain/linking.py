"""Who a person in a chat is to us: proven from both sides by a code that works once.

The chat shows the code to that person alone; they confirm it with their own API token.
"""

import base64
import hmac
from dataclasses import dataclass
from datetime import datetime, timedelta

from notifier.domain.reply import token_hash

CODE_BYTES = 10  # 80 bits: 16 letters and digits, without those that look alike.
LIFETIME = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class Offer:
    """A code that was shown to somebody in a chat; only its hash is kept."""

    code_hash: str
    channel: str
    subject: str
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class ChatLink:
    """This subject of this channel is this person of the catalog."""

    channel: str
    subject: str
    person: str
    linked_at: datetime


def code(secret: str, channel: str, subject: str, external_id: str) -> str:
    """Return the code of one asking: asked again, it is another one."""
    asked = f"chat-link\x1f{channel}\x1f{subject}\x1f{external_id}".encode()
    digest = hmac.digest(secret.encode(), asked, "sha256")[:CODE_BYTES]
    letters = base64.b32encode(digest).decode()
    return "-".join(letters[at : at + 4] for at in range(0, len(letters), 4))


def offer(shown: str, channel: str, subject: str, now: datetime) -> Offer:
    """Return what is kept of a code."""
    return Offer(hashed(shown), channel, subject, now + LIFETIME)


def hashed(shown: str) -> str:
    """Return the hash of a code, however it was typed."""
    return token_hash("".join(shown.upper().split()).replace("-", ""))


def invitation(shown: str) -> str:
    """Return what somebody is told whom we do not know."""
    return (
        "Tocsin does not know you here yet, so nothing was done. Within ten minutes run"
        f"\ntocsin chat link {shown}\nwith your own API token; then try again."
    )
