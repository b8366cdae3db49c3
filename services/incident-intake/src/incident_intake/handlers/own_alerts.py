"""Alerts that Tocsin rings about itself: what it could not understand must still wake somebody."""

from tocsin.events import AlertEvent, DeadLettered, UnreadableAlert

UNREADABLE = "UnreadableAlert"
OWN_SOURCE = "tocsin"
OWN_LETTERS = "incident-intake.dead-letters"
MAX_REASON = 2000


def tells_something_new(letter: DeadLettered) -> bool:
    """Return whether nobody was told yet: not of an unreadable body, which has its own alert.

    A dead letter that could not be handled here must not make the next one, and so on for ever.
    """
    return letter.error != UNREADABLE and letter.consumer != OWN_LETTERS


def about_unreadable(unreadable: UnreadableAlert) -> AlertEvent:
    """Return the alert about bodies that people would otherwise never see."""
    return AlertEvent(
        integration=unreadable.integration,
        source=OWN_SOURCE,
        service=unreadable.service,
        dedup_key=f"tocsin/unreadable/{unreadable.integration}",
        action="trigger",
        title=f"Unreadable alert from {unreadable.integration} ({unreadable.source})",
        received_at=unreadable.received_at,
        description=f"{unreadable.reason}. The body is kept among the dead letters.",
        severity="error",
        labels={"integration": unreadable.integration, "source": unreadable.source},
    )


def about_dead_letter(letter: DeadLettered, service: str) -> AlertEvent:
    """Return the alert about records that a service gave up on: one of them may be a page."""
    return AlertEvent(
        integration=OWN_SOURCE,
        source=OWN_SOURCE,
        service=service,
        dedup_key=f"tocsin/dead-letter/{letter.consumer}",
        action="trigger",
        title=f"{letter.consumer} could not handle a record of {letter.topic}",
        received_at=letter.first_seen_at,
        description=f"{letter.reason[:MAX_REASON]}. Dead letter {letter.dead_letter_id}.",
        severity="error",
        labels={"consumer": letter.consumer, "topic": letter.topic},
    )
