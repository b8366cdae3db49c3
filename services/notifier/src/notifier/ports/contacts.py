"""What verifying contact methods needs: what was proven, the codes, and who takes one there."""

from collections.abc import Collection
from datetime import datetime
from typing import Protocol

from notifier.domain.contact import ContactMethod
from notifier.domain.verifying import Challenge, Verified
from tocsin.channels import MessageDoc, SendResult

Key = tuple[str, str]


class Contacts(Protocol):
    """What was proven of contact methods, and the codes by which it is."""

    async def verified(self, people: Collection[str] | None = None) -> dict[Key, Verified]:
        """Return by person and method what was proven last, of these people or of all."""
        ...

    async def save(self, proof: Verified) -> None:
        """Write what was proven, in the place of what was before."""
        ...

    async def challenge(self, channel: str, address_hash: str, now: datetime) -> Challenge:
        """Return the codes to an address, locked, an empty one where there are none.

        Whoever asks at the same time waits. Those of addresses that are long over are forgotten.
        """
        ...

    async def by_token(self, token_hash: str) -> Challenge | None:
        """Return the codes whose last one has this link; locks nothing."""
        ...

    async def keep(self, challenge: Challenge) -> None:
        """Write the codes to an address whole."""
        ...


class Courier(Protocol):
    """Takes a code to its address, once."""

    async def send(
        self, challenge_id: str, contact: ContactMethod, doc: MessageDoc, now: datetime
    ) -> SendResult:
        """Return what became of it; it raises nothing."""
        ...
