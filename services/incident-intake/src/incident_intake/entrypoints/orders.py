"""Commands over HTTP, from opening to noting. Decided on the spot."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Literal

from fastapi import APIRouter, Request
from pydantic import Field

from incident_intake.domain import routing
from incident_intake.domain.handing import NobodyNamed
from incident_intake.domain.incident import Incident
from incident_intake.entrypoints.http import find
from incident_intake.entrypoints.shapes import (
    CommandAnswer,
    IncidentItem,
    NewIncident,
    Note,
    Order,
    Snooze,
    Text,
)
from incident_intake.handlers import Handlers
from incident_intake.ports import IntakeUnitOfWork
from tocsin import ids
from tocsin.catalog.suggestions import no_such
from tocsin.clock import Clock
from tocsin.events import (
    AcknowledgeIncident,
    Actor,
    AddNote,
    Command,
    Envelope,
    EscalateIncident,
    OpenIncident,
    ReassignIncident,
    ResolveIncident,
    SnoozeIncident,
)
from tocsin.problems import Problem, unavailable
from tocsin.unit_of_work import Store
from tocsin.web import Principal, Writer, idempotency_key

SOURCE = "incident-intake"
VIA = "api"
Make = Callable[[str], Command]
Addressees = Annotated[
    tuple[Annotated[Text, Field(min_length=1, max_length=110)], ...], Field(max_length=50)
]
Reason = Annotated[Text, Field(max_length=500)]
PLAIN: dict[str, type[Command]] = {
    "acknowledge": AcknowledgeIncident,
    "resolve": ResolveIncident,
}


class Escalation(Order):
    """Why, and whom by name: nobody named means the next level."""

    to: Addressees = ()
    reason: Reason = ""


class Reassignment(Order):
    """The people and teams whose business it is from now on, and why."""

    to: Addressees = Field(min_length=1)
    reason: Reason = ""


@dataclass(frozen=True)
class Orders:
    """Gives commands in the name of a caller; a repeat with the same key is decided once."""

    handlers: Handlers
    store: Store[IntakeUnitOfWork]
    clock: Clock

    async def give(
        self, who: Principal, request: Request, which: str, verb: str, make: Make
    ) -> CommandAnswer:
        """Give a command to the incident with this id or number."""
        async with self.store.read() as uow:
            incident = await find(uow, which)
        identity = command_id(who, request, f"{verb} {incident.incident_id}")
        try:
            decided = await self.decide(make(incident.incident_id), identity)
        except NobodyNamed as error:
            raise Problem(422, "invalid", str(error), field="to") from error
        return CommandAnswer(id=identity, incident=IncidentItem.of(decided or incident))

    async def decide(self, command: Command, identity: str) -> Incident | None:
        """Decide a command in a transaction of its own."""
        now = self.clock.now()
        envelope = Envelope(command, now, SOURCE, identity, correlation_id=identity)
        async with self.store.begin() as uow:
            return await self.handlers.on_command(uow, envelope, now)


def command_id(who: Principal, request: Request, what: str) -> str:
    """Return the id of a command: the same again for the same key of the same caller."""
    key = idempotency_key(request)
    return ids.derived("command", who.name, what, key) if key else ids.new()


def actor(who: Principal, by: str | None) -> Actor:
    """Return who acts: the person named, else the token."""
    return Actor(kind="user", name=by) if by else Actor(kind="token", name=who.name)


def router(handlers: Handlers, store: Store[IntakeUnitOfWork], clock: Clock) -> APIRouter:
    """Return the routes that command."""
    routes = APIRouter(tags=["commands"])
    orders = Orders(handlers, store, clock)

    @routes.post("/v1/incidents", status_code=201)
    async def open_incident(who: Writer, request: Request, body: NewIncident) -> IncidentItem:
        """Open an incident by hand. Without a service it goes where unrouted alerts go."""
        identity = command_id(who, request, "open")
        opened = await orders.decide(_opening(who, body, identity, handlers), identity)
        assert opened is not None, "opening is never refused"
        return IncidentItem.of(opened)

    @routes.post("/v1/incidents/{which}/snooze", status_code=202)
    async def snooze(who: Writer, request: Request, which: str, body: Snooze) -> CommandAnswer:
        """Acknowledge until a time, and be triggered again then."""
        until = body.ends_at(clock.now())
        by = actor(who, body.by)
        return await orders.give(
            who,
            request,
            which,
            "snooze",
            lambda it: SnoozeIncident(incident_id=it, by=by, via=VIA, until=until),
        )

    @routes.post("/v1/incidents/{which}/escalate", status_code=202)
    async def escalate(
        who: Writer, request: Request, which: str, body: Escalation | None = None
    ) -> CommandAnswer:
        """Page the next level now; or, with `to`, these people and teams in addition."""
        asked = body or Escalation()
        by, to, reason = actor(who, asked.by), asked.to, asked.reason
        return await orders.give(
            who,
            request,
            which,
            "escalate",
            lambda it: EscalateIncident(incident_id=it, by=by, via=VIA, to=to, reason=reason),
        )

    @routes.post("/v1/incidents/{which}/reassign", status_code=202)
    async def reassign(
        who: Writer, request: Request, which: str, body: Reassignment
    ) -> CommandAnswer:
        """Make it the business of these people and teams, who are paged instead of the levels."""
        by, to, reason = actor(who, body.by), body.to, body.reason
        return await orders.give(
            who,
            request,
            which,
            "reassign",
            lambda it: ReassignIncident(incident_id=it, by=by, via=VIA, to=to, reason=reason),
        )

    @routes.post("/v1/incidents/{which}/note", status_code=202)
    async def note(who: Writer, request: Request, which: str, body: Note) -> CommandAnswer:
        """Write something on the timeline."""
        by = actor(who, body.by)
        return await orders.give(
            who,
            request,
            which,
            "note",
            lambda it: AddNote(incident_id=it, by=by, via=VIA, text=body.text),
        )

    @routes.post("/v1/incidents/{which}/{verb}", status_code=202)
    async def order(
        who: Writer,
        request: Request,
        which: str,
        verb: Literal["acknowledge", "resolve"],
        body: Order | None = None,
    ) -> CommandAnswer:
        """Acknowledge or resolve; 409 with the reason where the state forbids it."""
        by = actor(who, body.by if body else None)
        kind = PLAIN[verb]
        return await orders.give(
            who, request, which, verb, lambda it: kind(incident_id=it, by=by, via=VIA)
        )

    return routes


def _opening(who: Principal, body: NewIncident, identity: str, handlers: Handlers) -> OpenIncident:
    if not handlers.catalog.loaded:
        raise unavailable("The catalog is not loaded yet; try again.")
    catalog = handlers.catalog.current
    if body.service and catalog.service(body.service) is None:
        detail = f"service: {no_such('Service', body.service, catalog.specs)}"
        raise Problem(422, "invalid", detail, field="service")
    return OpenIncident(
        incident_id=ids.prefixed("inc", identity),
        by=actor(who, body.by),
        via=VIA,
        title=body.title,
        service=body.service or routing.fallback(catalog).service,
        severity=body.severity,
        description=body.description,
    )
