"""Pages that are long overdue: they wait for each other a moment, and go together.

After an outage a person would get a message for each page that waited. Instead those for one
contact method become one message. Each of them keeps its identity, its state and its end.
"""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from notifier.domain.contact import ContactMethod
from notifier.domain.notification import Notification
from notifier.domain.retrying import LATE
from notifier.domain.states import Retrying, Waiting

SUMMARY_FROM = 3  # So many go one by one; more go together.
STALE_PAGE = timedelta(minutes=5)
GATHER = timedelta(seconds=5)  # It is late by minutes already: what comes with it goes with it.


def is_stale(one: Notification, now: datetime) -> bool:
    """Return whether it goes together with others like it, if there are enough.

    What has failed already is bundled sooner than what was never tried; and what was once in a
    summary stays with the others, also by the next contact method.
    """
    if one.purpose != "page":
        return False
    match one.state:
        case Waiting():
            return bool(one.summary) or now - one.due_since > STALE_PAGE
        case Retrying():
            return bool(one.summary) or now - one.due_since > LATE
        case _:
            return False


def may_join(one: Notification, now: datetime) -> bool:
    """Return whether it is worth looking for others that wait for the same person."""
    return one.purpose == "page" and (bool(one.summary) or now - one.due_since > LATE)


def gathers(one: Notification, now: datetime) -> bool:
    """Return whether nobody looked at it for long: others will come that waited like it."""
    if one.purpose != "page" or not isinstance(one.state, Waiting | Retrying):
        return False
    return now - one.state.due_at > STALE_PAGE


def gathered(one: Notification, now: datetime) -> Notification:
    """Return it with a moment's wait for others."""
    assert isinstance(one.state, Waiting | Retrying)
    return replace(one, state=replace(one.state, due_at=now + GATHER))


def summaries(
    due: Iterable[Notification], waiting: Iterable[Notification], now: datetime
) -> list[tuple[Notification, ...]]:
    """Return which of these go together: stale pages of one person by one contact method.

    Of those whose time has not come, `waiting`, some may join; alone none is hastened by them.
    """
    found: dict[tuple[str, ContactMethod], dict[str, Notification]] = {}
    for one in due:
        if is_stale(one, now):
            found.setdefault((one.responder, one.contact), {})[one.notification_id] = one
    for one in waiting:
        group = found.get((one.responder, one.contact))
        if group is not None and is_stale(one, now):
            group.setdefault(one.notification_id, one)
    return [
        tuple(group[identity] for identity in sorted(group))
        for group in found.values()
        if len(group) > SUMMARY_FROM
    ]


def summary_id(group: Sequence[Notification]) -> str:
    """Return the identity of the message that covers these: the same ones, the same message.

    A provider may drop what has an identity that it knows. So with anybody added or taken away it
    is another one, and it is never that of a page alone. It begins with its first one's identity,
    by which a receipt finds them all.
    """
    members = "\x1f".join(one.notification_id for one in group)
    return f"{group[0].notification_id}.{hashlib.sha256(members.encode()).hexdigest()[:12]}"


def leader_of(delivery_id: str) -> str:
    """Return the notification under whose identity a message went, alone or with others."""
    return delivery_id.partition(".")[0]
