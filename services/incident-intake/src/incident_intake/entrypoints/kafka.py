"""Topics to handlers: one explicit table."""

from incident_intake.handlers import Handlers
from incident_intake.handlers.commands import DECIDED
from incident_intake.ports import IntakeUnitOfWork
from tocsin import topics
from tocsin.application import Subscription
from tocsin.events import AlertEvent, DeadLettered, UnreadableAlert

RARE = 0.1  # Nobody waits for a dead letter's incident: a tenth of a second is early enough.


def subscriptions(handlers: Handlers) -> tuple[Subscription[IntakeUnitOfWork], ...]:
    """Return what incident-intake listens to."""
    return (
        Subscription(topics.ALERT_EVENTS, handlers.on_alert_events, (AlertEvent, UnreadableAlert)),
        Subscription(topics.COMMANDS, handlers.on_commands, DECIDED),
        Subscription(topics.DEAD_LETTERS, handlers.on_alert_events, (DeadLettered,), RARE),
    )
