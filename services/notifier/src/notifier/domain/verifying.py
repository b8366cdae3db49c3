"""Whether a contact method reaches its person: proven by a code that went by that very method.

Nothing that pages asks for it: whoever must be woken is woken, verified or not.
"""

import base64
import hashlib
import hmac
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Literal, TypeAlias

from notifier.domain.contact import ContactMethod
from notifier.domain.reply import token_hash
from tocsin.derived_tokens import derived_token

CODE_BYTES = 5  # 40 bits, 8 letters and digits: enough where few tries are given.
TRIES = 5
LIFETIME = timedelta(minutes=10)
APART = timedelta(minutes=1)
MOST, WITHIN = 5, timedelta(hours=1)  # Codes to one address, whoever asks and for whom.
Standing = Literal["verified", "unverified", "changed"]


@dataclass(frozen=True, slots=True)
class Verified:
    """A contact method has reached its person, at the address that it had then."""

    person: str
    method: str
    channel: str
    address_hash: str
    verified_at: datetime

    def is_of(self, contact: ContactMethod) -> bool:
        """Return whether that is still its channel and address."""
        return (self.channel, self.address_hash) == (contact.channel, hash_of(contact))


@dataclass(frozen=True, slots=True)
class Contact:
    """A contact method of a person, and what is known of it."""

    person: str
    contact: ContactMethod
    standing: Standing
    verified_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Challenge:
    """What is kept of the codes to one address: of the last one its hash, and when each went.

    Without `challenge_id` there is none yet.
    """

    channel: str
    address_hash: str
    expires_at: datetime
    challenge_id: str = ""
    person: str = ""
    method: str = ""
    code_hash: str = ""
    token_hash: str = ""
    wrong: int = 0
    confirmed_at: datetime | None = None
    asked: tuple[datetime, ...] = ()

    def ask(
        self, person: str, method: str, challenge_id: str, secret: str, now: datetime
    ) -> "Asked | Repeated | TooSoon":
        """Make a code; the one before it works no more. Asked again under one id, it is one code.

        The code and the token are derived, so that no table holds them.
        """
        if challenge_id == self.challenge_id:
            return Repeated(self.expires_at)
        recent = tuple(at for at in self.asked if at > now - WITHIN)
        free = _free_at(recent, now)
        if now < free:
            return TooSoon(free)
        shown, token = _code(secret, challenge_id), derived_token(secret, "contact", challenge_id)
        challenge = Challenge(
            self.channel,
            self.address_hash,
            now + LIFETIME,
            challenge_id,
            person,
            method,
            code_hash=_hashed(secret, challenge_id, shown),
            token_hash=token_hash(token),
            asked=(*recent, now),
        )
        return Asked(challenge, shown, token)

    def answer(
        self, person: str, method: str, shown: str, secret: str, now: datetime
    ) -> "Confirmed | Wrong | Over":
        """Judge a code that somebody typed. The right one, typed again, is confirmed as before."""
        if not self.is_for(person, method, now) or self.wrong >= TRIES:
            return Over()
        if not hmac.compare_digest(self.code_hash, _hashed(secret, self.challenge_id, shown)):
            wrong = self.wrong + 1
            return Wrong(replace(self, wrong=wrong), TRIES - wrong)
        return self.press(now)

    def press(self, now: datetime) -> "Confirmed":
        """Confirm it: by the code, or by the link, which is a code that nobody can guess."""
        at = self.confirmed_at or now
        challenge = replace(self, confirmed_at=at)
        proof = Verified(self.person, self.method, self.channel, self.address_hash, at)
        return Confirmed(challenge, proof)

    def is_for(self, person: str, method: str, now: datetime) -> bool:
        """Return whether its code still works, and for this contact method."""
        return now < self.expires_at and (self.person, self.method) == (person, method)


@dataclass(frozen=True, slots=True)
class Asked:
    """There is a code to send. It is in no `repr`: that may end in a log."""

    challenge: Challenge
    code: str = field(repr=False)
    token: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Repeated:
    """This was asked already; its code works until then."""

    expires_at: datetime


@dataclass(frozen=True, slots=True)
class TooSoon:
    """That address has had enough codes until then."""

    until: datetime


@dataclass(frozen=True, slots=True)
class Confirmed:
    """It was the right code."""

    challenge: Challenge
    proof: Verified


@dataclass(frozen=True, slots=True)
class Wrong:
    """It was not, and `left` tries are left."""

    challenge: Challenge
    left: int


@dataclass(frozen=True, slots=True)
class Over:
    """No code works for this contact method now."""


Answer: TypeAlias = Confirmed | Wrong | Over


def hash_of(contact: ContactMethod) -> str:
    """Return what is kept of an address."""
    return hashlib.sha256(contact.address.encode()).hexdigest()


def known_of(person: str, contact: ContactMethod, proof: Verified | None) -> Contact:
    """Return how a contact method stands."""
    if proof is None:
        return Contact(person, contact, "unverified")
    standing: Standing = "verified" if proof.is_of(contact) else "changed"
    return Contact(person, contact, standing, proof.verified_at)


def _free_at(recent: tuple[datetime, ...], now: datetime) -> datetime:
    """Return from when the next code may go."""
    ends = [now, *(at + APART for at in recent[-1:])]
    if len(recent) >= MOST:
        ends.append(recent[-MOST] + WITHIN)
    return max(ends)


def _code(secret: str, challenge_id: str) -> str:
    digest = hmac.digest(secret.encode(), f"contact-code\x1f{challenge_id}".encode(), "sha256")
    letters = base64.b32encode(digest[:CODE_BYTES]).decode()
    return f"{letters[:4]}-{letters[4:]}"


def _hashed(secret: str, challenge_id: str, shown: str) -> str:
    """Return the hash of a code, however it was typed. Keyed: 40 bits are soon tried out."""
    typed = "".join(shown.upper().split()).replace("-", "")
    kept = f"contact-code-hash\x1f{challenge_id}\x1f{typed}".encode()
    return hmac.digest(secret.encode(), kept, "sha256").hex()
