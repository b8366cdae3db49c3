"""The channel `webhook`: JSON to a URL, signed as Standard Webhooks says."""

import base64
import hmac
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from functools import lru_cache

import orjson

from tocsin.channels import (
    AlertLine,
    Cap,
    ChannelInfo,
    Config,
    Content,
    Context,
    Delivered,
    Delivery,
    DeniedError,
    ExternalRef,
    HttpAnswer,
    IncidentLine,
    MessageDoc,
    NoAnswerError,
    NotSentError,
    RateLimited,
    SendResult,
    TargetGone,
    Transient,
    Unknown,
)

TIMEOUT = timedelta(seconds=10)
SECRET_PREFIX = "whsec_"  # noqa: S105 - what a secret starts with.
SECRET_BYTES = range(24, 65)
_CONFIG = frozenset({401, 402, 403, 407})
_CONTENT = frozenset({400, 406, 411, 413, 414, 415, 422, 431})
_WAIT = frozenset({408, 425})
TOO_MANY = 429


class WebhookChannel:
    """Options: `secret`, one for the installation; without it each address has its own."""

    info = ChannelInfo(
        name="webhook", caps=Cap.SEND | Cap.UPDATE | Cap.IDEMPOTENT, deadline=TIMEOUT
    )

    def __init__(self, options: Mapping[str, str], context: Context) -> None:
        """Post by the host's guarded HTTP."""
        self._http = context.http
        self._root = context.secret
        self._secret = _secret(options["secret"]) if options.get("secret") else None

    async def send(self, delivery: Delivery, doc: MessageDoc) -> SendResult:
        """Post the page."""
        return await self._post(delivery, doc)

    async def update(self, delivery: Delivery, ref: ExternalRef, doc: MessageDoc) -> SendResult:
        """Post what became of it: another message, of type `update` or `withdrawn`."""
        del ref
        return await self._post(delivery, doc)

    async def _post(self, delivery: Delivery, doc: MessageDoc) -> SendResult:
        body = orjson.dumps(body_of(delivery, doc))
        headers = {
            "content-type": "application/json",
            **signature_headers(
                self._secret or derived_secret(self._root, delivery.address),
                delivery.delivery_id,
                delivery.at,
                body,
            ),
        }
        if delivery.traceparent:
            headers["traceparent"] = delivery.traceparent
        try:
            answer = await self._http.post(
                delivery.address, headers=headers, body=body, within=TIMEOUT
            )
        except DeniedError as error:
            return Config(str(error))
        except NotSentError as error:
            return Transient(str(error))
        except NoAnswerError as error:
            return Unknown(str(error))
        return judged(answer, delivery.at)


def judged(answer: HttpAnswer, now: datetime) -> SendResult:
    """Return what an answer means. Its body is not kept: it may be a secret of the inside."""
    status = answer.status
    reason = f"HTTP {status}"
    after = retry_after(answer.headers.get("retry-after", ""), now)
    match status:
        case _ if 200 <= status < 300:  # noqa: PLR2004 - HTTP's own classes.
            return Delivered()
        case _ if status == TOO_MANY:
            return RateLimited(reason, after)
        case _ if status >= 500 or status in _WAIT:  # noqa: PLR2004
            return Transient(reason, after)
        case _ if status in _CONFIG or status < 400:  # noqa: PLR2004
            hint = " (redirects are not followed)" if status < 400 else ""  # noqa: PLR2004
            return Config(reason + hint)
        case _ if status in _CONTENT:
            return Content(reason)
        case _:
            return TargetGone(reason)


def retry_after(text: str, now: datetime) -> timedelta | None:
    """Return a Retry-After in seconds or as a date; nonsense and the past are None."""
    value = text.strip()
    if value.isascii() and value.isdigit():
        return timedelta(seconds=min(int(value[:12]), 10**9))
    try:
        at = parsedate_to_datetime(value)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    wait = (at if at.tzinfo else at.replace(tzinfo=UTC)) - now
    return wait if wait > timedelta(0) else None


@lru_cache(maxsize=4096)
def derived_secret(root: str, address: str) -> bytes:
    """Return the signing secret of an address that has none of its own."""
    return hmac.digest(root.encode(), f"webhook\x1f{address}".encode(), "sha256")


def signature_headers(secret: bytes, message_id: str, at: datetime, body: bytes) -> dict[str, str]:
    """Return the Standard Webhooks headers."""
    stamp = str(int(at.timestamp()))
    digest = hmac.digest(secret, f"{message_id}.{stamp}.".encode() + body, "sha256")
    return {
        "webhook-id": message_id,
        "webhook-timestamp": stamp,
        "webhook-signature": "v1," + base64.b64encode(digest).decode(),
    }


def body_of(delivery: Delivery, doc: MessageDoc) -> dict[str, object]:
    """Return the body, with the words as the monitoring tool wrote them: JSON escapes them.

    `incidents` are those of a summary, each with its link; then there is no one action for all.
    """
    links = {} if doc.incidents else {button.action: button.url for button in doc.buttons}
    return {
        "type": doc.purpose,
        "title": doc.title,
        "text": doc.text,
        "incident": _incident(doc) if doc.incident_id else None,  # A notice is about none.
        "alerts": [_alert(alert) for alert in doc.alerts],
        "more": doc.more,
        "responder": doc.responder,
        "facts": {fact.name: fact.value for fact in doc.facts},
        "links": [{"href": link.href, "text": link.text} for link in doc.links],
        "actions": links,
        "attempt": delivery.attempt,
        "repeat_possible": doc.repeat_possible,
        "late_seconds": doc.late_seconds,
        "incidents": [_listed(line) for line in doc.incidents],
    }


def _incident(doc: MessageDoc) -> dict[str, object]:
    return {
        "id": doc.incident_id,
        "number": doc.number,
        "title": doc.title,
        "status": doc.status,
        "severity": doc.severity,
        "urgency": doc.urgency,
        "service": doc.service,
        "url": doc.url,
    }


def _listed(line: IncidentLine) -> dict[str, object]:
    return {
        "id": line.incident_id,
        "number": line.number,
        "title": line.title,
        "service": line.service,
        "severity": line.severity,
        "urgency": line.urgency,
        "since": line.since,
        "url": line.url,
    }


def _alert(alert: AlertLine) -> dict[str, object]:
    return {
        "title": alert.title,
        "severity": alert.severity,
        "source": alert.source,
        "dedup_key": alert.dedup_key,
        "description": alert.description,
        "labels": alert.labels,
        "links": [{"href": link.href, "text": link.text} for link in alert.links],
        "started_at": alert.started_at,
    }


def _secret(text: str) -> bytes:
    encoded = text.removeprefix(SECRET_PREFIX)
    try:
        found = base64.b64decode(encoded + "=" * (-len(encoded) % 4), validate=True)
    except ValueError:  # binascii.Error is one.
        found = b""
    if len(found) not in SECRET_BYTES:
        raise ValueError("secret: write whsec_ and 24 to 64 bytes in base64")
    return found
