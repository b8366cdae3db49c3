"""Incidents in: what is known of them, and what an answer withdraws."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from notifier.domain.incident import ANSWERS, Incident
from notifier.domain.notification import Notification
from notifier.domain.planning import update_of
from notifier.handlers.posts import Move, PostHandlers
from notifier.handlers.work import Work
from notifier.ports import Dispatcher, NotifierUnitOfWork
from tocsin.events import Envelope, Event, IncidentEvent


class IncidentHandlers:
    """The conversation on the topic `incidents`."""

    def __init__(
        self,
        dispatcher: Dispatcher,
        posts: PostHandlers,
        *,
        updatable: frozenset[str] = frozenset(),
    ) -> None:
        """Stop what `dispatcher` has not begun; channels in `updatable` can take updates.

        What is shown in chats `posts` keep up to date.
        """
        self._dispatcher = dispatcher
        self._posts = posts
        self._updatable = updatable

    async def on_incidents(
        self, uow: NotifierUnitOfWork, envelopes: Sequence[Envelope[Event]], now: datetime
    ) -> None:
        """Take up what happened; an answer withdraws what was not sent yet."""
        known = await uow.incidents.of({e.data.key for e in envelopes})
        changed: dict[str, Incident] = {}
        answers: dict[str, Envelope[Event]] = {}
        for envelope in envelopes:
            event = envelope.data
            assert isinstance(event, IncidentEvent)
            before = changed.get(event.incident_id) or known.get(event.incident_id)
            after = (before or Incident(event.incident_id)).apply(event)
            if after == before:
                continue
            changed[event.incident_id] = after
            if isinstance(event, ANSWERS):
                answers[event.incident_id] = envelope
        await uow.incidents.save(list(changed.values()))
        await self._posts.on_moves(uow, _moves(known, changed), now)
        if answers:
            await self._answer(uow, changed, answers, now)

    async def _answer(
        self,
        uow: NotifierUnitOfWork,
        incidents: dict[str, Incident],
        answers: dict[str, Envelope[Event]],
        now: datetime,
    ) -> None:
        work = Work(self._dispatcher, now)
        notifications = await uow.notifications.of_incidents(answers.keys())
        for notification in notifications:
            incident = incidents[notification.incident_id]
            if incident.has_answered(notification.incident_version):
                work.withdraw(notification, incident.answer, answers[notification.incident_id])
        await self._update(uow, work, notifications, incidents)
        await work.write(uow)

    async def _update(
        self,
        uow: NotifierUnitOfWork,
        work: Work,
        notifications: Iterable[Notification],
        incidents: dict[str, Incident],
    ) -> None:
        told = _latest_by_contact(one for one in notifications if self._can_update(one))
        pages = await uow.pages.of({one.page_id for one in told}) if told else {}
        for paged in told:
            incident = incidents[paged.incident_id]
            update = update_of(paged, "update", incident.answered_at_version, work.now)
            work.plan(update)
            work.send_when_due(update, pages[paged.page_id], incident)

    def _can_update(self, one: Notification) -> bool:
        return one.purpose == "page" and one.has_reached and one.contact.channel in self._updatable


def _moves(known: Mapping[str, Incident], changed: Mapping[str, Incident]) -> dict[str, Move]:
    return {
        one: Move(before := known.get(one), after, is_new=_is_named(after) > _is_named(before))
        for one, after in changed.items()
    }


def _is_named(incident: Incident | None) -> bool:
    """Return whether its opening was heard: what came before that has no number."""
    return incident is not None and incident.number > 0


def _latest_by_contact(paged: Iterable[Notification]) -> list[Notification]:
    """One update for each place that was told, however often it was."""
    found: dict[tuple[str, str, str], Notification] = {}
    for one in sorted(paged, key=lambda one: one.due_since):
        found[one.incident_id, one.contact.channel, one.contact.address] = one
    return list(found.values())
