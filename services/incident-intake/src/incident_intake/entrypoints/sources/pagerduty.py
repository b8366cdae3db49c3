"""PagerDuty's Events API v2: trigger, acknowledge, resolve."""

from typing import Any

from incident_intake.domain import severity
from incident_intake.domain.fingerprint import dedup_key
from incident_intake.domain.message import AlertMessage, Parsed, Receipt
from incident_intake.entrypoints.sources import reading
from tocsin.errors import InputError
from tocsin.events import Link, Severity

ACTIONS = ("trigger", "acknowledge", "resolve")
SEVERITIES = ("critical", "warning", "error", "info")
_CONTEXT = ("source", "component", "group", "class")


class InvalidEvent(InputError):  # noqa: N818 - PagerDuty's own words.
    """An event that PagerDuty would refuse; `errors` in its words."""

    def __init__(self, errors: list[str]) -> None:
        """Keep every mistake."""
        super().__init__("; ".join(errors))
        self.errors = errors


def pagerduty(payload: Any, receipt: Receipt) -> Parsed:  # noqa: ANN401 - JSON.
    """Return the message of one event."""
    event = reading.mapping(payload, "body")
    body = event.get("payload")
    if mistakes := _mistakes(event, body):
        raise InvalidEvent(mistakes)
    about: dict[str, Any] = body if isinstance(body, dict) else {}
    action = event["event_action"]
    # A trigger without a key is an alert of its own, which only the minted key can resolve.
    given = event.get("dedup_key") or receipt.request_id.replace("-", "")
    key = dedup_key(reading.clean(given), {})
    message = AlertMessage(
        dedup_key=key,
        action=action,
        title=_title(about, key),
        severity=_severity(about),
        description=_details(about.get("custom_details")),
        labels=_labels(about),
        links=_links(event),
        started_at=_timestamp(about) if action == "trigger" else None,
    )
    return Parsed((message,))


def _mistakes(event: Any, body: Any) -> list[str]:  # noqa: ANN401 - JSON.
    action = event.get("event_action")
    if not isinstance(action, str) or not action:
        return ["'event_action' is missing or blank"]
    if action not in ACTIONS:
        words = "'trigger', 'acknowledge', or 'resolve'"
        return [f"'event_action' is invalid (must be one of the following: {words})"]
    found = []
    key = event.get("dedup_key")
    if key is not None and not isinstance(key, str):
        found.append("'dedup_key' must be a string")
    elif action != "trigger" and not key:
        found.append("'dedup_key' is missing or blank")
    if action == "trigger":
        found += _payload_mistakes(body)
    return found


def _payload_mistakes(body: Any) -> list[str]:  # noqa: ANN401 - JSON.
    if not isinstance(body, dict):
        return ["'payload' is missing or blank" if body is None else "'payload' must be an object"]
    found = []
    for name in ("summary", "source"):
        value = body.get(name)
        if not isinstance(value, str) or not value.strip():
            found.append(f"'payload.{name}' is missing or blank")
    if not body.get("severity"):
        found.append("'payload.severity' is missing or blank")
    elif _known(body.get("severity")) is None:
        words = "'critical', 'warning', 'error' or 'info'"
        found.append(f"'payload.severity' is invalid (must be one of the following: {words})")
    return found


def _known(word: Any) -> Severity | None:  # noqa: ANN401 - JSON.
    if isinstance(word, str) and word.lower() in SEVERITIES:
        return severity.from_word(word)
    return None


def _severity(about: dict[str, Any]) -> Severity:
    return _known(about.get("severity")) or severity.DEFAULT


def _title(about: dict[str, Any], key: str) -> str:
    summary = about.get("summary")
    return reading.clean(summary, reading.MAX_TITLE) if isinstance(summary, str) else key


def _timestamp(about: dict[str, Any]) -> Any:  # noqa: ANN401 - an instant or None.
    # Decoration here: an odd timestamp is no reason to wake nobody.
    try:
        return reading.instant(about.get("timestamp"), "payload.timestamp")
    except InputError:
        return None


def _labels(about: dict[str, Any]) -> dict[str, str]:
    found = {name: about[name] for name in _CONTEXT if isinstance(about.get(name), str)}
    details = about.get("custom_details")
    if isinstance(details, dict):
        scalars = {
            name: value
            for name, value in details.items()
            if isinstance(value, str | int | float | bool) and name not in found
        }
        found |= dict(list(scalars.items())[: reading.MAX_LABELS - len(found)])
    return reading.bounded(reading.labels(found, "payload"))


def _details(details: Any) -> str:  # noqa: ANN401 - JSON.
    return reading.clean(details) if isinstance(details, str) else ""


def _links(event: Any) -> tuple[Link, ...]:  # noqa: ANN401 - JSON.
    links = event.get("links")
    found: list[Link] = []
    for value in links if isinstance(links, list) else []:
        if isinstance(value, dict):
            text = value.get("text")
            found += reading.link(value.get("href"), text if isinstance(text, str) else "")
    client = event.get("client")
    found += reading.link(event.get("client_url"), client if isinstance(client, str) else "")
    return tuple(found[: reading.MAX_LINKS])
