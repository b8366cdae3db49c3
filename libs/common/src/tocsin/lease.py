"""A lease: of several replicas one does what must be done once, and another if it stops."""

import time
from datetime import timedelta

from sqlalchemy import bindparam, delete

from tocsin import ids
from tocsin.clock import Clock
from tocsin.database import Database
from tocsin.tables import LEASES, insert_into

_RELEASE = delete(LEASES).where(
    LEASES.c.name == bindparam("of"), LEASES.c.holder == bindparam("who")
)


class Lease:
    """Held by this process for as long as it asks again in time."""

    def __init__(self, database: Database, clock: Clock, name: str, lasts: timedelta) -> None:
        """Ask `database` for the lease `name`, which lasts this long each time."""
        self._database = database
        self._clock = clock
        self._name = name
        self._lasts = lasts
        self._holder = ids.new()
        self._held_until = 0.0  # On the monotonic clock, so that a clock step cannot stretch it.

    async def holds(self) -> bool:
        """Return whether it is ours now; it is taken if nobody holds it."""
        # Renewed at half its time, so that a write each time is not needed.
        if time.monotonic() < self._held_until - self._lasts.total_seconds() / 2:
            return True
        asked = time.monotonic()
        held = await self._ask()
        self._held_until = asked + self._lasts.total_seconds() if held else 0.0
        return held

    async def release(self) -> None:
        """Let another have it at once; it is not held from here on, even if that fails."""
        self._held_until = 0.0
        async with self._database.transaction() as connection:
            await connection.execute(_RELEASE, {"of": self._name, "who": self._holder})

    async def _ask(self) -> bool:
        now = self._clock.now()
        until = now + self._lasts
        async with self._database.transaction() as connection:
            statement = insert_into(connection, LEASES).values(
                name=self._name, holder=self._holder, fence=1, held_until=until
            )
            taken = await connection.execute(
                statement.on_conflict_do_update(
                    index_elements=["name"],
                    set_={
                        "holder": self._holder,
                        "fence": LEASES.c.fence + 1,
                        "held_until": until,
                    },
                    # Held longer than any lease lasts: by a clock that was put back since.
                    where=(LEASES.c.held_until < now)
                    | (LEASES.c.held_until > now + 2 * self._lasts)
                    | (LEASES.c.holder == self._holder),
                ).returning(LEASES.c.fence)
            )
            return taken.first() is not None
