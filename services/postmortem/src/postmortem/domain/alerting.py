"""What the alerts of an incident say: how it was noticed, how bad it was, and each of them."""

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

from postmortem.domain.document import Block, Grid, Paragraph, Row, Said
from postmortem.domain.facts import AlertFacts, Facts
from postmortem.domain.metrics import spoken, when
from postmortem.domain.recorded import clocks
from postmortem.domain.sentences import clock_time
from tocsin import events as e

MOST_ALERTS = 100


def alert_facts(known: Facts) -> tuple[Block, ...]:
    """Return a row for each alert; beyond a readable number the rest are one row."""
    if not known.alerts:
        return (Paragraph(said=(Said(text="No alert belongs to it."),)),)
    head = ("alert", "severity", "source", "began", "ended")
    rows = tuple(_alert(alert) for alert in known.alerts[:MOST_ALERTS])
    rest = known.alerts[MOST_ALERTS:]
    return (Grid(head=head, rows=(*rows, _rest(rest)) if rest else rows),)


def _alert(alert: AlertFacts) -> Row:
    return Row(
        cells=(
            f"alert {alert.title}",
            alert.severity or "unknown",
            alert.source or "unknown",
            when(alert.started_at),
            f"{alert.ended} {when(alert.ended_at)}" if alert.ended else "no end recorded",
        ),
        rests_on=alert.rests_on,
    )


def _rest(alerts: Sequence[AlertFacts]) -> Row:
    severities = Counter(alert.severity or "unknown" for alert in alerts)
    sources = sorted({alert.source or "unknown" for alert in alerts})
    began = min((alert.started_at for alert in alerts if alert.started_at), default=None)
    ended = sum(bool(alert.ended) for alert in alerts)
    return Row(
        cells=(
            f"and {len(alerts)} more",
            ", ".join(f"{number} {name}" for name, number in sorted(severities.items())),
            ", ".join(sources),
            f"from {when(began)}",
            f"{ended} ended",
        ),
        rests_on=tuple(event_id for alert in alerts for event_id in alert.rests_on),
    )


def detection_facts(known: Facts) -> tuple[Block, ...]:
    """Return what told us first, and how long it took from its claim to the incident."""
    opened = known.triggered
    if opened is None:
        return ()
    cite = (opened.event_id,)
    alert = opened.data.alert
    if alert is None:
        text = f"No alert opened it; {opened.data.source} did."
        return (Paragraph(said=(Said(text=text, rests_on=cite),)),)
    times = clocks(opened)
    said = [
        (
            f"The first signal was {alert.title} from {alert.source},"
            f" received {clock_time(times.observed_at)}."
        )
    ]
    if times.is_credible and alert.started_at and alert.started_at < times.observed_at:
        ahead = spoken(times.observed_at - alert.started_at)
        said.append(f"By the clock of {alert.source} it began {ahead} before.")
    if times.note:
        said.append(f"The {times.note}.")
    return (Paragraph(said=tuple(Said(text=text, rests_on=cite) for text in said)),)


def impact_facts(known: Facts) -> tuple[Block, ...]:
    """Return how long the incident was open in each severity; nothing while it is open."""
    spans = tuple(_time_in_severity(known))
    if not spans:
        return ()
    return (Grid(head=("open with severity", "for"), rows=spans),)


def _time_in_severity(known: Facts) -> Iterator[Row]:
    total: dict[str, timedelta] = {}
    rests_on: dict[str, list[str]] = {}
    severity, since = "", None
    for item in known.events:
        before = (severity, since)
        severity, since = _step(severity, since, item)
        if before == (severity, since):
            continue
        for name in dict.fromkeys((before[0] or severity, severity)):
            rests_on.setdefault(name, []).append(item.event_id)
        if before[1] is not None:
            total[before[0]] = total.get(before[0], timedelta()) + (item.time - before[1])
    if since is None:
        for name, span in total.items():
            yield Row(cells=(name, spoken(span)), rests_on=tuple(rests_on[name]))


def _step(
    severity: str, since: datetime | None, item: e.Envelope[e.Event]
) -> tuple[str, datetime | None]:
    match item.data:
        case e.IncidentTriggered(again=False, severity=now):
            return now, item.time if since is None else since
        case e.SeverityChanged(severity=now):
            return now, item.time if since is not None else None
        case e.IncidentReopened():
            return severity, item.time if since is None else since
        case e.IncidentResolved() | e.IncidentMerged():
            return severity, None
        case _:
            return severity, since
