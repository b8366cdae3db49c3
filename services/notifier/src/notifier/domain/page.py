"""A page as notifier keeps it, and what becomes of it when its notifications fail."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import cast

from notifier.domain import reply
from notifier.domain.announcing import is_target
from notifier.domain.notification import Notification
from notifier.domain.stages.duplicate import was_duplicate
from notifier.domain.states import Failed, Waiting
from tocsin.events import (
    AnnouncementRequested,
    Envelope,
    Event,
    PageRequested,
    ResponderUnreachable,
)

LINK_LIFETIME = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class Page:
    """A page, the event it came by, and the hash of its link's token.

    The link acts for this responder, on this incident, until it expires; `link_used_at` is when it
    last did.
    """

    envelope: Envelope[PageRequested]
    token_hash: str
    link_used_at: datetime | None = None

    @property
    def page_id(self) -> str:
        """The page's identity."""
        return self.envelope.data.page_id

    @property
    def request(self) -> PageRequested:
        """What was asked for."""
        return self.envelope.data

    @property
    def is_announcement(self) -> bool:
        """Whether it is for a channel or webhook: it has no link, which would act for nobody."""
        return is_target(self.request.responder)

    def link_works(self, now: datetime) -> bool:
        """Return whether the link still acts."""
        return now < self.envelope.time + LINK_LIFETIME


@dataclass(frozen=True, slots=True)
class FailOver:
    """Who goes next, at once; or that nobody can, and which ways are tried on all the same."""

    hastened: Notification | None = None
    unreachable: ResponderUnreachable | None = None
    hoping: tuple[Notification, ...] = ()


def fail_over(failing: Notification, of_page: Iterable[Notification], now: datetime) -> FailOver:
    """Return what follows when a notification fails: the next one at once, or the sad truth."""
    companions = sorted(
        (one for one in of_page if one.purpose == "page"), key=lambda one: one.order
    )
    for one in companions:
        if isinstance(one.state, Waiting) and one.notification_id != failing.notification_id:
            if one.state.due_at <= now:
                return FailOver()  # It is about to go anyway.
            return FailOver(hastened=one.hasten(now, failing.summary).notification)
    tried = [one for one in companions if not was_duplicate(one)]
    if tried and all(isinstance(one.state, Failed) for one in tried):
        # Escalation goes on at once. But it may have nobody else, and a provider that is away for
        # an hour comes back.
        hoping = tuple(one.hope(now).notification for one in tried)
        return FailOver(
            unreachable=unreachable(failing, companions),
            hoping=tuple(one for one in hoping if one.last_hope),
        )
    return FailOver()


def unreachable(failing: Notification, companions: Sequence[Notification]) -> ResponderUnreachable:
    """Return the fact that no contact method of this person worked."""
    reasons = "; ".join(
        f"{one.contact.name}: {one.state.reason}"
        for one in companions
        if isinstance(one.state, Failed)
    )
    return ResponderUnreachable(
        incident_id=failing.incident_id,
        page_id=failing.page_id,
        responder=failing.responder,
        reason=reasons[:1000],
    )


def with_link_used(page: Page, now: datetime) -> Page:
    """Return the page after its link acted."""
    return replace(page, link_used_at=now)


def new_page(envelope: Envelope[Event], secret: str) -> Page:
    """Return the page of a request."""
    request = as_request(envelope)
    if is_target(request.data.responder):
        return Page(request, token_hash="")
    return Page(request, reply.token_hash(reply.link_token(secret, request.data.page_id)))


def as_request(envelope: Envelope[Event]) -> Envelope[PageRequested]:
    """Return the envelope as one of a page request; only where it asks for somebody to be told."""
    data = envelope.data
    if isinstance(data, AnnouncementRequested):
        return replace(cast("Envelope[PageRequested]", envelope), data=_as_page(data))
    assert isinstance(data, PageRequested)
    return cast("Envelope[PageRequested]", envelope)  # A type checker cannot narrow the parameter.


def _as_page(asked: AnnouncementRequested) -> PageRequested:
    """Return it as it is kept: the previous release, beside this one, reads the row."""
    own = {"page_id": asked.announcement_id, "responder": asked.target}
    return PageRequested.model_validate({**dict(asked), **own})
