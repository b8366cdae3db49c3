"""Commands: what people ask of an incident, decided here and nowhere else."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from incident_intake.domain import grouping, handing, owing
from incident_intake.domain.bounds import in_calendar
from incident_intake.domain.incident import Decision, Incident
from incident_intake.domain.urgency import urgency
from incident_intake.handlers.alert_events import acknowledged_until
from incident_intake.handlers.desk import Desk
from incident_intake.ports import IntakeUnitOfWork
from tocsin import ids
from tocsin.catalog import Catalog
from tocsin.errors import Refused
from tocsin.events import (
    AcknowledgeIncident,
    AddNote,
    Command,
    CommandRefused,
    Envelope,
    EscalateIncident,
    Event,
    IncidentTriggered,
    OpenIncident,
    ReassignIncident,
    ResolveIncident,
    SnoozeIncident,
)

DECIDED = (
    AcknowledgeIncident,
    ResolveIncident,
    SnoozeIncident,
    EscalateIncident,
    ReassignIncident,
    AddNote,
    OpenIncident,
)
MANUAL = "manual"


async def decide_all(
    uow: IntakeUnitOfWork,
    catalog: Catalog,
    envelopes: Sequence[Envelope[Event]],
    now: datetime,
    paged_within: timedelta = owing.PAGED_WITHIN,
) -> None:
    """Decide a batch of commands, in order; what is refused is told with its reason."""
    desk = Desk(uow, catalog, now, paged_within)
    commands = [
        (envelope, envelope.data)
        for envelope in envelopes
        if isinstance(envelope.data, DECIDED) and not _is_for_escalation(envelope.data)
    ]
    await _load(desk, [command for _, command in commands])
    for envelope, command in commands:
        try:
            _decide(desk, command, envelope)
        except Refused as refusal:
            fact = CommandRefused(
                incident_id=command.incident_id,
                command=command.TYPE,
                by=command.by,
                reason=str(refusal),
                via=command.via,
            )
            desk.tell(fact, envelope, ids.derived("refused", envelope.event_id))
    await desk.save()


async def decide(
    uow: IntakeUnitOfWork,
    catalog: Catalog,
    envelope: Envelope[Command],
    now: datetime,
    paged_within: timedelta = owing.PAGED_WITHIN,
) -> Incident:
    """Decide one command and return the incident after it; Refused where the state forbids it."""
    desk = Desk(uow, catalog, now, paged_within)
    await _load(desk, [envelope.data])
    if _is_for_escalation(envelope.data):
        return await _forward(desk, envelope)
    _decide(desk, envelope.data, envelope)
    await desk.save()
    return desk.incidents[envelope.data.incident_id]


def _is_for_escalation(command: Event) -> bool:
    """Whether escalation decides this: it alone knows the next level."""
    return isinstance(command, EscalateIncident) and not command.to


async def _forward(desk: Desk, envelope: Envelope[Command]) -> Incident:
    """Hand a command on that escalation decides."""
    incident = desk.incidents.get(envelope.data.incident_id)
    if incident is None or not incident.is_open:
        raise Refused("The incident is resolved: there is nothing to escalate.")
    await desk.uow.publish([envelope])
    return incident


async def _load(desk: Desk, commands: Sequence[Command]) -> None:
    resolving = [each.incident_id for each in commands if isinstance(each, ResolveIncident)]
    if resolving:
        desk.take_alerts(await desk.uow.alerts.firing_in(dict.fromkeys(resolving)))
    if any(isinstance(each, OpenIncident) for each in commands):
        await desk.prepare_to_open()
    await desk.load_incidents(dict.fromkeys(each.incident_id for each in commands))


def _decide(desk: Desk, command: Command, cause: Envelope[Event]) -> None:
    incident = desk.incidents.get(command.incident_id)
    if isinstance(command, OpenIncident):
        if incident is None:
            _open(desk, command, cause)
        return
    if incident is None:
        raise Refused(f"No incident has the id {command.incident_id}.")
    desk.apply(_transition(desk, incident, command), cause)
    if isinstance(command, ResolveIncident):
        for alert in list(desk.alerts.values()):
            if alert.incident_id == incident.incident_id and alert.status == "firing":
                dismissed = alert.dismissed(desk.now)
                desk.keep(dismissed)
                desk.enrol(dismissed)


def _transition(desk: Desk, incident: Incident, command: Command) -> Decision:
    match command:
        case AcknowledgeIncident(by=by, via=via):
            until = acknowledged_until(desk, incident.service)
            return incident.acknowledge(by, desk.now, until, via)
        case ResolveIncident(by=by, via=via):
            return incident.resolve(by, desk.now, via)
        case SnoozeIncident(by=by, via=via, until=until):
            return incident.snooze(by, desk.now, _reckonable(until), via)
        case EscalateIncident():
            return handing.escalate(incident, command, desk.catalog)
        case ReassignIncident():
            return handing.reassign(incident, command, desk.catalog)
        case AddNote(by=by, via=via, text=text):
            return incident.note(by, text, via)
        case _:
            raise Refused(f"{command.TYPE} is not a command that intake decides.")


def _reckonable(until: datetime) -> datetime:
    try:
        return in_calendar(until)
    except ValueError as error:
        raise Refused(f"until: {error}") from error


def _open(desk: Desk, command: OpenIncident, cause: Envelope[Event]) -> None:
    service = desk.service(command.service)
    fact = IncidentTriggered(
        incident_id=command.incident_id,
        version=1,
        number=desk.next_number(),
        title=command.title,
        service=command.service,
        severity=command.severity,
        urgency=urgency(service, command.severity, desk.now),
        source=MANUAL,
        description=command.description,
        escalation_policy=service.escalation_policy if service else None,
        team=service.team if service else None,
        runbook=service.runbook if service else None,
        group_key=grouping.short(f"{command.service}/incident/{command.incident_id}"),
        by=command.by,
        rule="opened by hand",
        catalog_version=desk.catalog.version,
    )
    desk.apply(Incident.triggered(fact, desk.now), cause)
