"""Hours of the week, and what rests on them: conditions of levels, support hours of services."""

from pydantic import Field

from tocsin.catalog.schedules import Restriction
from tocsin.catalog.spec import MatcherText, Spec, TimeZone
from tocsin.events.base import Severity, Urgency


class Hours(Spec):
    """Hours on some days, on the clock of a zone: one window or several."""

    time_zone: TimeZone
    windows: tuple[Restriction, ...] = Field(min_length=1)


class SupportHours(Hours):
    """Outside these hours nothing is urgent but the severities of `always`."""

    always: tuple[Severity, ...] = ()


class Condition(Spec):
    """All that is said here has to hold; `labels` are matchers on the labels of the service."""

    urgency: Urgency | None = None
    severity: tuple[Severity, ...] = ()
    hours: Hours | None = None
    labels: tuple[MatcherText, ...] = ()
