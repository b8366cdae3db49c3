"""Topics to handlers: the incidents' lives, the wish to escalate, the pages that reach nobody."""

from escalation.domain import owing
from escalation.domain.hearing import HEARD
from escalation.handlers import ClimbHandlers
from escalation.ports import EscalationUnitOfWork
from tocsin import topics
from tocsin.application import Subscription
from tocsin.events import EscalateIncident

# Only a page that reaches nobody is in a hurry, and that is rare: larger batches are cheap.
RARE = 0.1
OUTCOMES = (*owing.ENDS, *owing.TRIES)


def subscriptions(handlers: ClimbHandlers) -> tuple[Subscription[EscalationUnitOfWork], ...]:
    """Return the topics that this service reads."""
    return (
        Subscription(topics.INCIDENTS, handlers.on_incidents, HEARD),
        Subscription(topics.COMMANDS, handlers.on_commands, (EscalateIncident,)),
        Subscription(topics.NOTIFICATIONS, handlers.on_notifications, OUTCOMES, RARE),
    )
