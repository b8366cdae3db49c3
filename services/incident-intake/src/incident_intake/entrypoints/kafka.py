"""Topics to handlers: one explicit table."""

from incident_intake.domain.owing import OUTCOMES
from incident_intake.handlers import Handlers
from incident_intake.handlers.commands import DECIDED
from incident_intake.handlers.recalling import recall
from incident_intake.handlers.silences import DECIDED as OF_SILENCES
from incident_intake.ports import IntakeUnitOfWork
from tocsin import topics
from tocsin.application import Recall, Subscription
from tocsin.events import AlertEvent, AlertSuppressed, DeadLettered, UnreadableAlert

# A page is awaited for a minute: its outcome is early enough after a second, and cheap in bulk.
UNHURRIED = 1.0
RARE = 0.1  # Nobody waits for a dead letter's incident: a tenth of a second is early enough.
RECALL = Recall(
    facts=topics.INCIDENTS,
    take=recall,
    causes=(topics.ALERT_EVENTS, topics.COMMANDS, topics.DEAD_LETTERS),
    again=(AlertSuppressed,),  # Its silence may be one that the database has forgotten.
    rewound=(topics.PAGES,),
)


def subscriptions(handlers: Handlers) -> tuple[Subscription[IntakeUnitOfWork], ...]:
    """Return what incident-intake listens to."""
    return (
        Subscription(
            topics.ALERT_EVENTS,
            handlers.on_alert_events,
            (AlertEvent, UnreadableAlert),
            whole=True,
        ),
        Subscription(topics.COMMANDS, handlers.on_commands, (*DECIDED, *OF_SILENCES), whole=True),
        Subscription(topics.PAGES, handlers.on_pages, OUTCOMES, UNHURRIED),
        Subscription(topics.DEAD_LETTERS, handlers.on_alert_events, (DeadLettered,), RARE),
    )
