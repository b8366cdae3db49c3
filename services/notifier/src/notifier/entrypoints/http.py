"""HTTP: what was sent, how channels do, and a test of one."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field
from starlette.requests import Request

from notifier.domain.notification import Notification
from notifier.domain.states import Failed, Retrying, Sending, Waiting, Withdrawn, name_of
from notifier.ports import Dispatcher, NotifierUnitOfWork
from tocsin import ids
from tocsin.channels import Accepted, Channel, Checks, Delivered, Delivery, MessageDoc
from tocsin.clock import Clock
from tocsin.unit_of_work import Store
from tocsin.web import Page, Problem, Reader, Writer, after_cursor, cursor_of, idempotency_key

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MOST_DIGITS = 16  # Of microseconds since then: enough until the year 2286.


class AttemptItem(BaseModel):
    """One attempt and its outcome."""

    number: int
    at: datetime
    outcome: str
    reason: str
    reference: str
    retry_at: datetime | None


class NotificationItem(BaseModel):
    """A notification, as the API says it. The address is not told: it may be a secret.

    `responder` is a person, or a channel or webhook that a level tells: `channel ops`.
    """

    id: str
    type: str
    incident: str
    page_id: str
    responder: str
    contact_method: str
    channel: str
    rule: str
    status: str
    reason: str
    reference: str
    due_at: datetime
    next_at: datetime | None
    attempt: int
    repeat_possible: bool
    attempts: list[AttemptItem]


class ChannelItem(BaseModel):
    """A channel that is set up, and how it does in this process."""

    name: str
    capabilities: list[str]
    in_flight: int
    queued: int
    last_success_at: datetime | None
    last_failure_at: datetime | None
    last_failure: str


class TestRequest(BaseModel):
    """Where to send a test message; without an address only the set-up is tested."""

    address: str | None = Field(default=None, min_length=1, max_length=2000)


class TestResult(BaseModel):
    """What became of a test."""

    ok: bool
    outcome: str
    reason: str = ""
    findings: list[str] = []


def router(
    store: Store[NotifierUnitOfWork],
    clock: Clock,
    dispatcher: Dispatcher,
    channels: Mapping[str, Channel],
) -> APIRouter:
    """Return the routes of the API."""
    routes = APIRouter(tags=["notifier"])

    @routes.get("/v1/notifications")
    async def notifications(
        _who: Reader,
        incident: str,
        limit: Annotated[int, Query(ge=1, le=500)] = 100,
        cursor: str | None = None,
    ) -> Page[NotificationItem]:
        """Every notification about an incident, in the order they were due."""
        after = _place(after_cursor(cursor))
        async with store.read() as uow:
            found = await uow.notifications.listed(incident, after, limit + 1)
        more = cursor_of(_mark(found[limit - 1])) if len(found) > limit else None
        return Page(items=[_item(one) for one in found[:limit]], next=more)

    @routes.get("/v1/channels")
    async def configured(_who: Reader) -> Page[ChannelItem]:
        """Return the channels that are set up."""
        states = dispatcher.states()
        return Page(
            items=[
                ChannelItem(
                    name=name,
                    capabilities=[str(cap.name).lower() for cap in channel.info.caps],
                    in_flight=states[name].in_flight,
                    queued=states[name].queued,
                    last_success_at=states[name].last_success_at,
                    last_failure_at=states[name].last_failure_at,
                    last_failure=states[name].last_failure,
                )
                for name, channel in channels.items()
            ]
        )

    @routes.post("/v1/channels/{name}/test")
    async def test(
        who: Writer, name: str, request: Request, body: TestRequest | None = None
    ) -> TestResult:
        """Test a channel's set-up; with an address, send a message that pages nobody."""
        channel = channels.get(name)
        if channel is None:
            raise Problem(404, "no-such-channel", f"No channel {name!r} is set up.")
        address = body.address if body else None
        if address is None:
            return await _checked(channel)
        now = clock.now()
        key = idempotency_key(request)
        identity = ids.derived("test", who.name, name, key) if key else ids.new()
        if key:
            async with store.begin() as uow:
                if not await uow.interactions.unseen("test", [identity], now):
                    return TestResult(ok=True, outcome="repeated")
        return await _sent(channel, Delivery(identity, address, 1, now), who.name)

    return routes


async def _checked(channel: Channel) -> TestResult:
    if not isinstance(channel, Checks):
        raise Problem(
            422, "address-missing", "address: this channel is tested by sending", field="address"
        )
    findings = await channel.check()
    return TestResult(
        ok=all(finding.ok for finding in findings),
        outcome="checked",
        findings=[finding.text for finding in findings],
    )


async def _sent(channel: Channel, delivery: Delivery, by: str) -> TestResult:
    result = await channel.send(delivery, _test_message(by))
    if isinstance(result, Accepted | Delivered):
        return TestResult(ok=True, outcome=type(result).__name__.lower())
    return TestResult(ok=False, outcome=type(result).__name__.lower(), reason=result.reason)


def _test_message(by: str) -> MessageDoc:
    text = f"This is a test of Tocsin, asked for by {by}. Nobody is paged."
    return MessageDoc(
        purpose="page",
        title="A test of Tocsin",
        text=text,
        incident_id="test",
        number=0,
        status="resolved",
        severity="info",
        urgency="low",
        service="tocsin",
        responder=by,
    )


def _item(one: Notification) -> NotificationItem:
    state = one.state
    reason = state.reason if isinstance(state, Retrying | Failed | Withdrawn) else ""
    return NotificationItem(
        id=one.notification_id,
        type=one.purpose,
        incident=one.incident_id,
        page_id=one.page_id,
        responder=one.responder,
        contact_method=one.contact.name,
        channel=one.contact.channel,
        rule=one.rule,
        status=name_of(state),
        reason=reason,
        reference=one.attempts[-1].reference if one.attempts else "",
        due_at=one.due_since,
        next_at=None if isinstance(state, Sending) else _next(one),
        attempt=one.attempt,
        repeat_possible=one.repeat_possible,
        attempts=[
            AttemptItem(
                number=attempt.number,
                at=attempt.ended_at,
                outcome=attempt.outcome,
                reason=attempt.reason,
                reference=attempt.reference,
                retry_at=attempt.retry_at,
            )
            for attempt in one.attempts
        ],
    )


def _next(one: Notification) -> datetime | None:
    return one.state.due_at if isinstance(one.state, Waiting | Retrying) else None


def _mark(one: Notification) -> str:
    return f"{(one.due_since - EPOCH) // timedelta(microseconds=1)}:{one.notification_id}"


def _place(mark: str | None) -> tuple[datetime, str] | None:
    if mark is None:
        return None
    micros, _, identity = mark.partition(":")
    if not micros.isdecimal() or len(micros) > MOST_DIGITS or not identity:
        raise Problem(422, "bad-cursor", "cursor: is not one that a list gave", field="cursor")
    return EPOCH + timedelta(microseconds=int(micros)), identity
