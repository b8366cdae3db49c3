"""Keep the console's rows: where each incident stands, and what became of commands given here."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from postmortem.domain.order import answered
from postmortem.domain.standings import Standing, standing
from postmortem.ports import PostmortemUnitOfWork
from tocsin.events import Envelope, Event, IncidentEvent

AT_ONCE = 50

Events = Sequence[Envelope[Event]]


async def project(
    uow: PostmortemUnitOfWork, belonging: Sequence[tuple[str, Envelope[Event]]], now: datetime
) -> None:
    """Move on the incidents that these events belong to; the events are in the log already."""
    heard: dict[str, list[Envelope[Event]]] = {}
    for incident_id, envelope in belonging:
        heard.setdefault(incident_id, []).append(envelope)
    incident_ids = sorted(heard)
    before = await uow.standings.load(incident_ids)
    after = {one: _followed(before.get(one), heard[one]) for one in incident_ids}
    await uow.standings.save(await _whole(uow, after), now)
    waiting = await uow.orders.waiting(incident_ids)
    await uow.orders.save(answered(waiting, [one for _, one in belonging], now))


async def catch_up(uow: PostmortemUnitOfWork, now: datetime) -> bool:
    """Make rows for incidents of a release that had no console; whether there were any."""
    missing = await uow.standings.missing(AT_ONCE)
    if missing:
        await uow.incidents.lock(missing, now)
        await uow.standings.save(await _whole(uow, dict.fromkeys(missing)), now)
    return bool(missing)


def _followed(before: Standing | None, envelopes: Iterable[Envelope[Event]]) -> Standing | None:
    """Return where the incident stands now; None where only all of its events can say."""
    if before is None:
        return None
    for envelope in envelopes:
        event = envelope.data
        if not isinstance(event, IncidentEvent):
            continue
        if not before.is_next(event):
            return None
        before = before.hears(envelope)  # type: ignore[arg-type]  # Found by its data's type.
    return before


async def _whole(uow: PostmortemUnitOfWork, found: Mapping[str, Standing | None]) -> list[Standing]:
    """Return all of them; those that are None are made of everything in the log."""
    unknown = [incident_id for incident_id, one in found.items() if one is None]
    events = await uow.log.of(unknown) if unknown else {}
    return [
        one or standing(incident_id, events.get(incident_id, ()))
        for incident_id, one in found.items()
    ]
