"""Topics to handlers: every topic that tells of an incident."""

from postmortem.handlers import Handlers
from postmortem.ports import PostmortemUnitOfWork
from tocsin import events as e
from tocsin import topics
from tocsin.application import Subscription

REST = 0.25  # Nobody waits for a timeline: a quarter of a second makes batches, which cost less.


def subscriptions(handlers: Handlers) -> tuple[Subscription[PostmortemUnitOfWork], ...]:
    """Return the topics that this service reads.

    AlertSuppressed is passed over: it belongs to no incident, so to no story.
    """
    wanted: tuple[tuple[topics.Topic, tuple[type[e.Event], ...]], ...] = (
        (topics.INCIDENTS, (e.IncidentEvent, e.CommandRefused, e.SilenceChanged, e.SilenceRefused)),
        (topics.PAGES, (e.PageEvent,)),
        (topics.NOTIFICATIONS, (e.NotificationEvent, e.AnnouncementEvent, e.ResponderUnreachable)),
        (topics.COMMANDS, (e.Command,)),
        (topics.POSTMORTEMS, (e.PostmortemEvent,)),
        (topics.DEAD_LETTERS, (e.DeadLettered,)),
    )
    told = (e.OnCallChanged, e.ShiftsForeseen, e.OverrideAnswered, e.HandoffNoteLeft)
    on_call = Subscription(topics.CATALOG, handlers.on_catalog, told, REST)
    return (
        *(Subscription(topic, handlers.on_events, kinds, REST) for topic, kinds in wanted),
        on_call,
    )
