"""Which message of a team's conversation tells of an incident: one of its own, or a shared one.

The first few incidents of a minute have a message each. In a storm the others go together in one
that is changed as they come: so a conversation is never flooded, whatever rings.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from notifier.domain import reply
from notifier.domain.incident import Incident
from notifier.domain.notification import Notification
from notifier.domain.page import Page
from notifier.domain.post import Post
from notifier.domain.states import Delivered, Sent
from tocsin import ids
from tocsin.catalog import Team

ALONE = 5
WITHIN = timedelta(minutes=1)
OPEN_FOR = timedelta(minutes=15)  # A shared message takes further incidents up for so long.
LOOK_BACK = max(WITHIN, OPEN_FOR)


def conversations(team: Team | None, channels: Iterable[str]) -> list[tuple[str, str]]:
    """Return where a team is told, as (channel, address)."""
    if team is None:
        return []
    return [(name, team.chat[name]) for name in channels if team.chat.get(name)]


def placed(
    incident_id: str, where: tuple[str, str], recent: Sequence[Post], secret: str, now: datetime
) -> Post:
    """Return the post that tells of this incident from now on: a new one, or one with it added.

    `recent` are the posts of this conversation, the oldest first.
    """
    own = [one for one in recent if not one.post_id.startswith("shared-")]
    if len([one for one in own if now - one.opened_at < WITHIN]) < ALONE:
        return _new(ids.derived("post", *where, incident_id), (incident_id,), where, secret, now)
    for one in reversed(recent):
        fits = now - one.opened_at < OPEN_FOR and one.state != "gone"
        if one.post_id.startswith("shared-") and fits:
            return one.tell_of(incident_id, now=now)
    identity = f"shared-{ids.derived('post', *where, incident_id)}"
    return _new(identity, (incident_id,), where, secret, now)


def _new(
    identity: str,
    incidents: tuple[str, ...],
    where: tuple[str, str],
    secret: str,
    now: datetime,
) -> Post:
    channel, address = where
    return Post(
        post_id=identity,
        channel=channel,
        address=address,
        incidents=incidents,
        token_hash=reply.token_hash(reply.link_token(secret, identity)),
        opened_at=now,
        wakes_at=now,
    )


def post_id(notification: Notification) -> str:
    """Return the post that a message is from when it was sent."""
    return ids.derived("post", notification.summary or notification.notification_id)


def of_page(
    parts: Sequence[tuple[Notification, Page, Incident | None]], secret: str, now: datetime
) -> Post:
    """Return the post that a direct message is from when it was sent.

    It is looked at once more at once: it has not what happened while it was on its way.
    """
    notification, page, _ = parts[0]
    state = notification.state
    assert isinstance(state, Sent | Delivered)
    identity = post_id(notification)
    versions = {one.incident_id: incident.version if incident else 0 for one, _, incident in parts}
    return Post(
        post_id=identity,
        channel=notification.contact.channel,
        address=notification.contact.address,
        incidents=tuple(versions),
        token_hash=reply.token_hash(reply.link_token(secret, identity)),
        opened_at=now,
        page_id=page.page_id if len(versions) == 1 else "",
        reference=state.reference,
        versions=sum(versions.values()),
        shown_at=now,
        wakes_at=now,
    )
