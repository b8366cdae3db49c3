"""The ports in a dict, held to the contract suite of the SQL ones."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from functools import cached_property

from escalation.domain.calendars import Spans, Watched
from escalation.domain.escalation import Escalation
from escalation.domain.swap import Swap
from escalation.domain.turns import Ring
from escalation.ports import AppliedVersion, Note, Told
from tocsin.catalog.planning import Held
from tocsin.events import CatalogDocumentChanged
from tocsin.testing.memory import MemoryUnitOfWork


class MemoryEscalations:
    """Climbs by incident id."""

    def __init__(self, table: dict[str, Escalation]) -> None:
        """Keep them in `table`."""
        self._table = table

    async def load(self, incident_ids: Collection[str]) -> Mapping[str, Escalation]:
        """Return those that exist."""
        return {one: self._table[one] for one in incident_ids if one in self._table}

    async def find(self, incident_id: str) -> Escalation | None:
        """Return one to look at."""
        return self._table.get(incident_id)

    async def save(self, climbs: Sequence[Escalation]) -> None:
        """Write these whole."""
        self._table.update({climb.incident.incident_id: climb for climb in climbs})

    async def add(self, climbs: Sequence[Escalation]) -> None:
        """Write those that do not exist yet."""
        for climb in climbs:
            self._table.setdefault(climb.incident.incident_id, climb)


class MemoryCatalogHistory:
    """Each version's changes, and when it was applied, by version."""

    def __init__(
        self,
        table: dict[int, tuple[CatalogDocumentChanged, ...]],
        applied: dict[int, tuple[datetime, Note]],
    ) -> None:
        """Keep them in `table`, and when and why they were `applied`."""
        self._table = table
        self._applied = applied

    async def lock(self) -> int:
        """Return the latest version; transactions in memory are one after another anyway."""
        return await self.version()

    async def version(self) -> int:
        """Return the latest version."""
        return max(self._table, default=0)

    async def version_at(self, at: datetime) -> int:
        """Return the version that was in force at an instant; 0 before the first."""
        known = (version for version, (since, _) in self._applied.items() if since <= at)
        return max(known, default=0)

    async def documents(
        self, version: int | None = None, kinds: Collection[str] | None = None
    ) -> Sequence[Held]:
        """Return the documents (of these kinds) as of a version (the latest), by kind and name."""
        latest: dict[tuple[str, str], CatalogDocumentChanged] = {}
        for number in sorted(self._table):
            if version is None or number <= version:
                latest.update({(one.kind, one.name): one for one in self._table[number]})
        return [
            Held(one.kind, one.name, one.set, one.spec, one.catalog_version, one.author)
            for _, one in sorted(latest.items())
            if one.spec is not None and (kinds is None or one.kind in kinds)
        ]

    async def ever_held(self, kind: str, name: str) -> bool:
        """Return whether any version held, or deleted, a document of this name."""
        return any(
            (one.kind, one.name) == (kind, name)
            for changes in self._table.values()
            for one in changes
        )

    async def append(
        self,
        version: int,
        changes: Sequence[CatalogDocumentChanged],
        now: datetime,
        note: Note | None = None,
    ) -> None:
        """Write the documents that made this version, by which token, and why."""
        self._table[version] = tuple(changes)
        self._applied[version] = now, note or Note()

    async def versions(self, before: int | None, limit: int) -> Sequence[AppliedVersion]:
        """Return the latest versions, of those before one where it is given, newest first."""
        known = sorted(self._table, reverse=True)
        return [
            AppliedVersion(
                version,
                tuple(sorted({one.set for one in self._table[version]})),
                self._table[version][0].author,
                self._applied[version][0],
                len(self._table[version]),
                self._applied[version][1],
            )
            for version in [one for one in known if before is None or one < before][:limit]
        ]


class MemoryHandOffs:
    """What was last told, by schedule."""

    def __init__(self, table: dict[str, Told]) -> None:
        """Keep it in `table`."""
        self._table = table

    async def load(self, schedules: Collection[str] | None) -> dict[str, Told]:
        """Return those that exist."""
        wanted = self._table if schedules is None else schedules
        return {name: self._table[name] for name in sorted(wanted) if name in self._table}

    async def save(self, told: Sequence[Told]) -> None:
        """Write these whole."""
        self._table.update({one.fact.schedule: one for one in told})


class MemoryRings:
    """Rings by their names."""

    def __init__(self, table: dict[str, Ring]) -> None:
        """Keep them in `table`."""
        self._table = table

    async def load(self, names: Collection[str]) -> dict[str, Ring]:
        """Return each of these."""
        return {name: self._table.get(name, Ring()) for name in sorted(names)}

    async def save(self, rings: Mapping[str, Ring]) -> None:
        """Write these whole."""
        self._table.update(rings)


class MemorySwaps:
    """Swaps by their ids."""

    def __init__(self, table: dict[str, Swap]) -> None:
        """Keep them in `table`."""
        self._table = table

    async def load(self, swap_id: str) -> Swap | None:
        """Return one that exists."""
        return self._table.get(swap_id)

    async def listed(
        self, schedule: str | None, person: str | None, after: str | None, limit: int
    ) -> list[Swap]:
        """Return swaps by their ids, after one of them."""
        found = [
            swap
            for swap_id, swap in sorted(self._table.items())
            if (after is None or swap_id > after)
            and schedule in {None, swap.schedule}
            and person in {None, swap.proposer, swap.other}
        ]
        return found[:limit]

    async def save(self, swap: Swap) -> None:
        """Write it whole."""
        self._table[swap.swap_id] = swap


class MemoryCalendars:
    """Calendars of absences, with what was read, by their keys."""

    def __init__(self, table: dict[str, tuple[Watched, Spans]]) -> None:
        """Keep them in `table`."""
        self._table = table

    async def watch(self, keys: Collection[str], now: datetime) -> None:
        """Keep these: of a new one nothing is known, and all others are forgotten."""
        for key in [one for one in self._table if one not in keys]:
            del self._table[key]
        for key in keys:
            self._table.setdefault(key, (Watched(key, now), ()))

    async def states(self) -> Sequence[Watched]:
        """Return all, by their keys."""
        return [state for _, (state, _) in sorted(self._table.items())]

    async def claim(self, now: datetime) -> Watched | None:
        """Return one that is due, and claim it: until then nobody else gets it."""
        due = [state for state in await self.states() if state.next_at <= now]
        if not due:
            return None
        state = min(due, key=lambda one: one.next_at).claimed(now)
        await self.save(state, None)
        return state

    async def save(self, state: Watched, spans: Spans | None) -> None:
        """Write how it went, and what was read (None: the same); a forgotten one stays so."""
        if state.key in self._table:
            kept = self._table[state.key][1]
            self._table[state.key] = state, kept if spans is None else spans

    async def spans(self) -> Mapping[str, Spans]:
        """Return what was read, by the keys of the calendars that ever were."""
        found = sorted(self._table.items())
        return {key: spans for key, (state, spans) in found if state.read_at}


class MemoryEscalationUnitOfWork(MemoryUnitOfWork):
    """One transaction with this service's repositories."""

    @cached_property
    def escalations(self) -> MemoryEscalations:
        """The climbs."""
        return MemoryEscalations(self.table("escalations"))

    @cached_property
    def catalog_history(self) -> MemoryCatalogHistory:
        """The catalog's history."""
        return MemoryCatalogHistory(self.table("catalog_history"), self.table("catalog_versions"))

    @cached_property
    def hand_offs(self) -> MemoryHandOffs:
        """What was told of who is on call."""
        return MemoryHandOffs(self.table("hand_offs"))

    @cached_property
    def rings(self) -> MemoryRings:
        """Whose turn it is."""
        return MemoryRings(self.table("rings"))

    @cached_property
    def swaps(self) -> MemorySwaps:
        """What people proposed to each other."""
        return MemorySwaps(self.table("swaps"))

    @cached_property
    def calendars(self) -> MemoryCalendars:
        """When people are away."""
        return MemoryCalendars(self.table("calendars"))
