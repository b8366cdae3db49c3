"""What people write in a section: plain text with a version, so that nobody overwrites unseen."""

import unicodedata
from dataclasses import dataclass
from datetime import datetime

from postmortem.domain.sections import WRITTEN
from tocsin.errors import InputError
from tocsin.events import Actor

LONGEST_WORDS = 20_000
KEPT = {"\n", "\t"}


class OutdatedError(InputError):
    """Somebody changed it meanwhile: `current` is what they made of it, `yours` was refused."""

    def __init__(self, what: str, expected: int, current: object, yours: object) -> None:
        """Keep both, so that both can be shown."""
        super().__init__(f"{what}: somebody changed version {expected} meanwhile")
        self.current = current
        self.yours = yours


@dataclass(frozen=True, slots=True)
class Words:
    """The text of one section. Version 0 is the empty one that nobody wrote."""

    section: str
    text: str = ""
    version: int = 0
    edited_by: Actor | None = None
    edited_at: datetime | None = None

    def edited(self, text: str, expected: int, by: Actor, now: datetime) -> "Words":
        """Return it with this text, if `expected` is the version that was looked at.

        The same text again changes nothing: whoever had no answer may send it twice.
        """
        text = tidy(text)
        if text == self.text and expected in {self.version, self.version - 1}:
            return self
        if expected != self.version:
            raise OutdatedError(self.section, expected, self, text)
        return Words(self.section, text, self.version + 1, by, now)


def tidy(text: str) -> str:
    """Return text with plain line ends; InputError for what is too long or no text."""
    text = text.replace("\r\n", "\n").replace("\r", "\n").strip()
    if len(text) > LONGEST_WORDS:
        raise InputError(f"text: has {len(text)} characters; at most {LONGEST_WORDS} are kept")
    for place, character in enumerate(text):
        if character not in KEPT and unicodedata.category(character) in {"Cc", "Cs"}:
            raise InputError(
                f"text: character {place + 1} is U+{ord(character):04X}, which no text has;"
                " leave it out"
            )
    return text


def known_section(key: str) -> str:
    """Return the key of a section that people write; InputError names those there are."""
    if key not in WRITTEN:
        raise InputError(f"section: people write in one of {', '.join(WRITTEN)}")
    return key
