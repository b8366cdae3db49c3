"""Overrides that somebody asks for by command: done, or refused with the reason, and answered."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from escalation.domain.overriding import text
from escalation.domain.ownership import Rights
from escalation.handlers.announcing import SOURCE
from escalation.handlers.overrides import NoSuchOverrideError, OverrideHandlers
from escalation.handlers.refusing import InvalidCatalogError, NotYoursError
from escalation.ports import EscalationUnitOfWork
from tocsin import ids
from tocsin.catalog.mistakes import Mistake
from tocsin.errors import Refused
from tocsin.events import (
    EndOverride,
    Envelope,
    Event,
    OverrideAnswered,
    OverrideCommand,
    OverrideSchedule,
    caused_by,
)


class OverrideCommandHandlers:
    """Decides commands as the API does: the same checks, the same documents.

    Each makes a version of the catalog; people give them by hand, so a batch is seldom more than
    one. A kill before the commit leaves the command to come again, and after it its answer in the
    outbox; an override that is there already is answered as done.
    """

    def __init__(self, overrides: OverrideHandlers) -> None:
        """Put them into the catalog by `overrides`."""
        self._overrides = overrides

    async def on_commands(
        self, uow: EscalationUnitOfWork, envelopes: Sequence[Envelope[Event]], now: datetime
    ) -> None:
        """Do what is asked, one after the other; answer each."""
        for envelope in envelopes:
            command = envelope.data
            if isinstance(command, OverrideCommand):
                refusal = await self._refusal(uow, command, now)
                await uow.publish([_answer(envelope, command, refusal, now)])

    async def _refusal(
        self, uow: EscalationUnitOfWork, command: OverrideCommand, now: datetime
    ) -> str:
        """Do it; return why not, where it is refused. A refusal has written nothing."""
        author = command.by.name
        rights = Rights(command.token, command.sets)
        try:
            if isinstance(command, OverrideSchedule):
                name, spec = command.override_id, _written(command, now)
                await self._overrides.add(
                    uow, name, spec, author, now, replaces=command.replaces, rights=rights
                )
            elif isinstance(command, EndOverride):
                await self._overrides.end(uow, command.override_id, author, now, rights=rights)
        except InvalidCatalogError as error:
            return "; ".join(_told(one) for one in error.mistakes if one.is_error)
        except (NoSuchOverrideError, NotYoursError, Refused) as error:
            return str(error)
        return ""


def _told(mistake: Mistake) -> str:
    field = mistake.path.removeprefix("spec").removeprefix(".")
    hint = f'; did you mean "{mistake.suggestion}"?' if mistake.suggestion else ""
    return f"{field}: {mistake.message}{hint}" if field else f"{mistake.message}{hint}"


def _written(command: OverrideSchedule, now: datetime) -> dict[str, Any]:
    """Return the spec of the document."""
    spec: dict[str, Any] = {
        "schedule": command.schedule,
        "from": text(command.starts_at or now),
        "until": text(command.ends_at),
        "reason": command.reason,
    }
    if command.cover is not None:
        return {**spec, "cover": list(command.cover)}
    return {**spec, "add": list(command.add), "remove": list(command.remove)}


def _answer(
    envelope: Envelope[Event], command: OverrideCommand, refusal: str, now: datetime
) -> Envelope[Event]:
    fact = OverrideAnswered(
        schedule=command.schedule,
        override_id=command.override_id,
        by=command.by,
        refusal=refusal,
    )
    identity = ids.derived("override-answered", envelope.event_id)
    return caused_by(envelope, fact, now=now, source=SOURCE, event_id=identity)
