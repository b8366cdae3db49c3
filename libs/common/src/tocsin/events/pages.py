"""Who must look at an incident, now. Only escalation writes these."""

from typing import ClassVar

from tocsin.events.alerts import AlertSummary
from tocsin.events.base import AwareDatetime, Event, Severity, Urgency


class PageEvent(Event):
    """Something about the climb of one incident's escalation."""

    TOPIC: ClassVar[str] = "pages"

    incident_id: str


class EscalationStarted(PageEvent):
    """A policy was frozen into this incident's escalation."""

    TYPE: ClassVar[str] = "tocsin.escalation-started.v1"

    policy: str
    catalog_version: int
    levels: int
    repeat: int


class PageRequested(PageEvent):
    """This person must look at this incident. `reason` is the chain that led to them.

    `incident_version` is the incident's version that the page answers: a later acknowledgement
    withdraws it. `level` counts from 1; 0 is the last resort. `must_page_by` is the promise.
    `due_at` is when it was to be requested, where an outage kept it from that. With `named`,
    somebody asked for this person by name: `reason` begins with who did, and the page is of no
    level; `level` and `loop` are then only where the climb stood. `instead` is the nearest change
    that would have kept it away, or led to somebody else: a sentence, where escalation knows it.
    """

    TYPE: ClassVar[str] = "tocsin.page-requested.v1"

    page_id: str
    incident_version: int
    number: int
    title: str
    service: str
    severity: Severity
    urgency: Urgency
    responder: str
    level: int
    loop: int
    policy: str
    catalog_version: int
    reason: tuple[str, ...] = ()
    alerts: tuple[AlertSummary, ...] = ()
    more: int = 0
    runbook: str | None = None
    must_page_by: AwareDatetime | None = None
    due_at: AwareDatetime | None = None
    named: bool = False
    instead: str = ""


class PageWithdrawn(PageEvent):
    """This page is no longer wanted; what was not sent yet must not be sent."""

    TYPE: ClassVar[str] = "tocsin.page-withdrawn.v1"

    page_id: str
    responder: str
    reason: str


class LevelSkipped(PageEvent):
    """A level had nobody to page, so the next one was taken at once.

    With `passed_over` it was not asked: its condition did not hold, and `reason` says why;
    `instead` says what would have had to hold.
    """

    TYPE: ClassVar[str] = "tocsin.level-skipped.v1"

    policy: str
    level: int
    loop: int
    reason: str
    passed_over: bool = False
    instead: str = ""


class EscalationExhausted(PageEvent):
    """Every level was paged as often as the policy says and nobody answered.

    `last_resort` names who is paged instead; empty means that none is configured, and `reason`
    says so. `incident_version` is the incident's version that this answers, as in a page;
    `instead` is as a page's.
    """

    TYPE: ClassVar[str] = "tocsin.escalation-exhausted.v1"

    policy: str
    loops: int
    last_resort: tuple[str, ...]
    reason: str
    incident_version: int | None = None
    instead: str = ""
