"""Notifier's tables, and the statements on them that never change."""

from sqlalchemy import (
    BigInteger,
    Column,
    Index,
    Insert,
    Integer,
    MetaData,
    Table,
    Text,
    bindparam,
    or_,
    select,
    type_coerce,
    update,
)
from sqlalchemy.dialects import postgresql, sqlite

from tocsin.prepared import Among, Prepared
from tocsin.sql import Instant, Json, recipe_tables

METADATA = MetaData()
recipe_tables(METADATA)
LEASES = METADATA.tables["leases"]
INCIDENTS = Table(
    "incidents",
    METADATA,
    Column("incident_id", Text, primary_key=True),
    Column("version", BigInteger, nullable=False),
    Column("number", BigInteger, nullable=False),
    Column("status", Text, nullable=False),
    Column("answered_at_version", BigInteger, nullable=False),
    Column("data", Json, nullable=False),
    Index("incidents_number", "number"),
)
PAGES = Table(
    "pages",
    METADATA,
    Column("page_id", Text, primary_key=True),
    Column("responder", Text, nullable=False),
    Column("requested_at", Instant, nullable=False),
    Column("token_hash", Text, nullable=False),
    Column("link_used_at", Instant),
    Column("envelope", Text, nullable=False),
    Index("pages_token_hash", "token_hash"),
    Index("pages_responder", "responder", "requested_at"),
)
NOTIFICATIONS = Table(
    "notifications",
    METADATA,
    Column("notification_id", Text, primary_key=True),
    Column("page_id", Text, nullable=False),
    Column("incident_id", Text, nullable=False),
    Column("incident_version", BigInteger, nullable=False),
    Column("purpose", Text, nullable=False),
    Column("position", Integer, nullable=False),
    Column("state", Text, nullable=False),
    Column("due_since", Instant, nullable=False),
    Column("wakes_at", Instant),
    Column("ended_at", Instant),
    Column("fence", BigInteger, nullable=False),
    Column("attempt", Integer, nullable=False),
    Column("data", Json, nullable=False),
    Index("notifications_page_id", "page_id"),
    Index("notifications_incident_id", "incident_id"),
    Index("notifications_wakes_at", "wakes_at"),
)
INTERACTIONS = Table(
    "interactions",
    METADATA,
    Column("channel", Text, primary_key=True),
    Column("external_id", Text, primary_key=True),
    Column("heard_at", Instant, nullable=False),
)
POSTS = Table(
    "posts",
    METADATA,
    Column("post_id", Text, primary_key=True),
    Column("channel", Text, nullable=False),
    Column("address", Text, nullable=False),
    Column("reference", Text, nullable=False),
    Column("token_hash", Text, nullable=False),
    Column("opened_at", Instant, nullable=False),
    Column("state", Text, nullable=False),
    Column("wakes_at", Instant),
    Column("fence", BigInteger, nullable=False),
    Column("data", Json, nullable=False),
    Index("posts_wakes_at", "wakes_at"),
    Index("posts_token_hash", "token_hash"),
    Index("posts_reference", "channel", "reference"),
    Index("posts_address", "channel", "address", "opened_at"),
)
POST_INCIDENTS = Table(
    "post_incidents",
    METADATA,
    Column("incident_id", Text, primary_key=True),
    Column("post_id", Text, primary_key=True),
    Index("post_incidents_post_id", "post_id"),
)
CHAT_LINKS = Table(
    "chat_links",
    METADATA,
    Column("channel", Text, primary_key=True),
    Column("subject", Text, primary_key=True),
    Column("person", Text, nullable=False),
    Column("linked_at", Instant, nullable=False),
)
CHAT_CODES = Table(
    "chat_codes",
    METADATA,
    Column("code_hash", Text, primary_key=True),
    Column("channel", Text, nullable=False),
    Column("subject", Text, nullable=False),
    Column("expires_at", Instant, nullable=False),
)
ON_CALL = Table(
    "on_call",
    METADATA,
    Column("schedule", Text, primary_key=True),
    Column("responders", Json, nullable=False),
    Column("since", Instant, nullable=False),
    Column("until", Instant),
    Column("then", Json, nullable=False),
)
OUTLOOKS = Table(
    "outlooks",
    METADATA,
    Column("schedule", Text, primary_key=True),
    Column("catalog_version", BigInteger, nullable=False),
    Column("since", Instant, nullable=False),
    Column("shifts", Json, nullable=False),
    Column("looked_at", Instant, nullable=False),
    Column("look_at", Instant),  # None: nobody is to be told of anything that is foreseen.
    Column("needs", BigInteger, nullable=False),
)
NOTICES = Table(
    "notices",
    METADATA,
    Column("notice_id", Text, primary_key=True),
    Column("occasion", Text, nullable=False),
    Column("person", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("handoff_at", Instant, nullable=False),
    Column("state", Text, nullable=False),
    Column("wakes_at", Instant),
    Column("fence", BigInteger, nullable=False),
    Column("data", Json, nullable=False),
    Index("notices_occasion", "occasion"),
    Index("notices_wakes_at", "wakes_at"),
    Index("notices_handoff_at", "handoff_at"),
)
HANDOFF_NOTES = Table(
    "handoff_notes",
    METADATA,
    Column("schedule", Text, primary_key=True),
    Column("note_id", Text, nullable=False),
    Column("left_at", Instant, nullable=False),
    Column("data", Json, nullable=False),
)
DUE = Prepared(
    select(NOTIFICATIONS)
    .where(NOTIFICATIONS.c.wakes_at <= bindparam("now", type_=Instant))
    .order_by(NOTIFICATIONS.c.wakes_at, NOTIFICATIONS.c.notification_id)
    .limit(bindparam("most"))
    .with_for_update(skip_locked=True)
)
ANY_DUE = Prepared(
    select(NOTIFICATIONS.c.notification_id)
    .where(NOTIFICATIONS.c.wakes_at <= bindparam("now", type_=Instant))
    .limit(1)
)
# Those whose time came once, and who still wait for a try.
WAITING_FOR = Prepared(
    select(NOTIFICATIONS)
    .join(PAGES, PAGES.c.page_id == NOTIFICATIONS.c.page_id)
    .where(
        Among(PAGES.c.responder, "people"),
        NOTIFICATIONS.c.wakes_at.is_not(None),
        or_(NOTIFICATIONS.c.state == "waiting", NOTIFICATIONS.c.state == "retrying"),
        NOTIFICATIONS.c.purpose == "page",
        NOTIFICATIONS.c.due_since <= bindparam("now", type_=Instant),
    )
    .order_by(NOTIFICATIONS.c.due_since, NOTIFICATIONS.c.notification_id)
    .limit(bindparam("most"))
    .with_for_update(skip_locked=True, of=NOTIFICATIONS)
)
HELD_BY = Prepared(
    select(NOTIFICATIONS)
    .where(
        NOTIFICATIONS.c.wakes_at.is_not(None),
        NOTIFICATIONS.c.state == "sending",
        # JSON is text here, and we write it: a key of ours looks like this and nothing else does.
        type_coerce(NOTIFICATIONS.c.data, Text).like(bindparam("held_by", type_=Text)),
    )
    .order_by(NOTIFICATIONS.c.notification_id)
    .limit(bindparam("most"))
    .with_for_update(skip_locked=True)
)
CLAIMED = Prepared(
    select(NOTIFICATIONS)
    .where(
        NOTIFICATIONS.c.state == "sending",
        NOTIFICATIONS.c.wakes_at < bindparam("until", type_=Instant),
    )
    .order_by(NOTIFICATIONS.c.notification_id)
    .limit(bindparam("most"))
    .with_for_update(skip_locked=True)
)
# Written and found to be new in one statement.
ADD_PAGES: dict[str, Insert] = {
    name: insert(PAGES)
    .on_conflict_do_nothing(index_elements=["page_id"])
    .returning(PAGES.c.page_id)
    for name, insert in (("sqlite", sqlite.insert), ("postgresql", postgresql.insert))
}
ADD_PAGE = Prepared(by_dialect=ADD_PAGES.__getitem__)
# Only what changes in a notification's life: the indexed columns of its identity stay.
CHANGING = ("incident_version", "state", "due_since", "wakes_at", "ended_at", "fence", "attempt")
SAVE = Prepared(
    update(NOTIFICATIONS)
    .where(NOTIFICATIONS.c.notification_id == bindparam("of"))
    .values({name: bindparam(name) for name in (*CHANGING, "data")})
)
