"""On-call as code: the documents, and the immutable snapshot of all of them that services read."""

from tocsin.catalog.absences import Absence, Away, Calendar
from tocsin.catalog.conditions import Condition, Hours, SupportHours
from tocsin.catalog.documents import (
    KINDS,
    ContactMethod,
    Document,
    EscalationPolicy,
    Grouping,
    Level,
    NotificationRule,
    Route,
    Service,
    Settings,
    Target,
    Team,
    User,
    Webhook,
)
from tocsin.catalog.handoff_notices import HandoffNotices
from tocsin.catalog.integrations import Integration
from tocsin.catalog.overrides import Override
from tocsin.catalog.schedules import Layer, Restriction, Rotation, RotationChange, Schedule, Shift
from tocsin.catalog.snapshot import UNROUTED, Catalog
from tocsin.catalog.spec import Spec

__all__ = [
    "KINDS",
    "UNROUTED",
    "Absence",
    "Away",
    "Calendar",
    "Catalog",
    "Condition",
    "ContactMethod",
    "Document",
    "EscalationPolicy",
    "Grouping",
    "HandoffNotices",
    "Hours",
    "Integration",
    "Layer",
    "Level",
    "NotificationRule",
    "Override",
    "Restriction",
    "Rotation",
    "RotationChange",
    "Route",
    "Schedule",
    "Service",
    "Settings",
    "Shift",
    "Spec",
    "SupportHours",
    "Target",
    "Team",
    "User",
    "Webhook",
]
