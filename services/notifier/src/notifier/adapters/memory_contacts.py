"""Which contact methods are verified, in two dicts, held to the same contract suite as SQL."""

from collections.abc import Collection
from datetime import datetime
from typing import Any

from notifier.domain.verifying import WITHIN, Challenge, Verified
from notifier.ports.contacts import Key

Table = dict[Any, Any]  # The recipe's tables hold whatever a service keeps in them.


class MemoryContacts:
    """What was proven of contact methods, and the codes by which it is."""

    def __init__(self, verified: Table, codes: Table) -> None:
        """Keep them in these tables."""
        self._verified = verified
        self._codes = codes

    async def verified(self, people: Collection[str] | None = None) -> dict[Key, Verified]:
        """Return by person and method what was proven last, of these people or of all."""
        return {
            key: one for key, one in self._verified.items() if people is None or key[0] in people
        }

    async def save(self, proof: Verified) -> None:
        """Write what was proven, in the place of what was before."""
        self._verified[proof.person, proof.method] = proof

    async def challenge(self, channel: str, address_hash: str, now: datetime) -> Challenge:
        """Return the codes to an address, an empty one where there are none."""
        over = [key for key, one in self._codes.items() if one.expires_at <= now - WITHIN]
        for key in over:
            del self._codes[key]
        found: Challenge = self._codes.setdefault(
            (channel, address_hash), Challenge(channel, address_hash, now)
        )
        return found

    async def by_token(self, token_hash: str) -> Challenge | None:
        """Return the codes whose last one has this link."""
        return next((one for one in self._codes.values() if one.token_hash == token_hash), None)

    async def keep(self, challenge: Challenge) -> None:
        """Write the codes to an address whole."""
        self._codes[challenge.channel, challenge.address_hash] = challenge
