"""A contact method, and the rules that say when it is used."""

from dataclasses import dataclass
from datetime import timedelta

from tocsin.catalog import User
from tocsin.durations import text
from tocsin.events import Urgency


@dataclass(frozen=True, slots=True)
class ContactMethod:
    """A way to reach a person: a channel and an address in it, as they were when it was planned."""

    name: str
    channel: str
    address: str


@dataclass(frozen=True, slots=True)
class Step:
    """This contact method, after this delay, because of this rule."""

    contact: ContactMethod
    after: timedelta
    rule: str


def contact_methods(user: User) -> tuple[ContactMethod, ...]:
    """Return every way to reach a person."""
    return tuple(
        ContactMethod(method.name, method.channel, method.address)
        for method in user.contact_methods
    )


def steps(user: User, urgency: Urgency) -> tuple[Step, ...]:
    """Return how a person wants to be reached at this urgency, soonest first.

    Without a usable rule for it, every contact method at once: silence is not an answer. A rule
    that is there twice is one step, for both would make the same notification.
    """
    by_name = {method.name: method for method in contact_methods(user)}
    found = [
        Step(
            by_name[rule.contact_method],
            rule.after,
            f"{urgency} urgency: {rule.contact_method} after {text(rule.after)}",
        )
        for rule in user.notification_rules
        if rule.urgency == urgency and rule.contact_method in by_name
    ]
    if not found:
        fallback = f"no rule for {urgency} urgency: every contact method at once"
        return tuple(Step(method, timedelta(0), fallback) for method in by_name.values())
    once = {(step.contact.name, step.after): step for step in found}
    return tuple(sorted(once.values(), key=lambda step: step.after))
