"""The tables of this service, the same on SQLite and PostgreSQL."""

from sqlalchemy import BigInteger, Boolean, Column, Index, MetaData, Table, Text

from tocsin.sql import Instant, Json, recipe_tables

METADATA = MetaData()
recipe_tables(METADATA)
EVENTS = Table(
    "events",
    METADATA,
    Column("event_id", Text, primary_key=True),
    Column("incident_id", Text, nullable=False),
    Column("type", Text, nullable=False),
    Column("body", Text, nullable=False),
    Column("recorded_at", Instant, nullable=False),
    Column("stored_at", Instant, nullable=False),
    Index("events_incident_id", "incident_id"),
)
INCIDENTS = Table(
    "incidents",
    METADATA,
    Column("incident_id", Text, primary_key=True),
    Column("postmortem_id", Text, nullable=False, unique=True),
    Column("was_resolved", Boolean, nullable=False),
    Column("first_seen_at", Instant, nullable=False),
)
DRAFTS = Table(
    "drafts",
    METADATA,
    Column("postmortem_id", Text, primary_key=True),
    Column("incident_id", Text, nullable=False, unique=True),
    Column("title", Text, nullable=False),
    Column("service", Text, nullable=False),
    Column("status", Text, nullable=False),
    Column("digest", Text, nullable=False),
    Column("events", BigInteger, nullable=False),
    Column("resolved_at", Instant, nullable=False),
    Column("last_event_at", Instant, nullable=False),
    Index("drafts_resolved_at", "resolved_at", "postmortem_id"),
)
REVIEWS = Table(
    "reviews",
    METADATA,
    Column("postmortem_id", Text, primary_key=True),
    Column("incident_id", Text, nullable=False),
    Column("status", Text, nullable=False),
    Column("revision", BigInteger, nullable=False),
    Column("requested_by", Json),
    Column("requested_at", Instant),
    Column("basis_digest", Text),
    Column("basis", Text),
    Column("published", BigInteger, nullable=False),
)
WORDS = Table(
    "words",
    METADATA,
    Column("postmortem_id", Text, primary_key=True),
    Column("section", Text, primary_key=True),
    Column("text", Text, nullable=False),
    Column("version", BigInteger, nullable=False),
    Column("edited_by", Json, nullable=False),
    Column("edited_at", Instant, nullable=False),
)
ACTION_ITEMS = Table(
    "action_items",
    METADATA,
    Column("action_item_id", Text, primary_key=True),
    Column("postmortem_id", Text, nullable=False),
    Column("incident_id", Text, nullable=False),
    Column("title", Text, nullable=False),
    Column("owner", Text, nullable=False),
    Column("due", Text, nullable=False),  # An ISO date: sorted as text it is sorted in time.
    Column("state", Text, nullable=False),
    Column("version", BigInteger, nullable=False),
    Column("opened_by", Json, nullable=False),
    Column("opened_at", Instant, nullable=False),
    Column("changed_by", Json, nullable=False),
    Column("changed_at", Instant, nullable=False),
    Index("action_items_postmortem_id", "postmortem_id"),
    Index("action_items_due", "due", "action_item_id"),
)
PUBLICATIONS = Table(
    "publications",
    METADATA,
    Column("postmortem_id", Text, primary_key=True),
    Column("number", BigInteger, primary_key=True),
    Column("document", Text, nullable=False),
    Column("sha256", Text, nullable=False),
    Column("digest", Text, nullable=False),
    Column("published_by", Json, nullable=False),
    Column("published_at", Instant, nullable=False),
)
HISTORY = Table(
    "history",
    METADATA,
    Column("change_id", Text, primary_key=True),
    Column("postmortem_id", Text, nullable=False),
    Column("revision", BigInteger, nullable=False),
    Column("what", Text, nullable=False),
    Column("changed_by", Json, nullable=False),
    Column("changed_at", Instant, nullable=False),
    Column("detail", Json, nullable=False),
    Index("history_postmortem_id", "postmortem_id", "revision", unique=True),
)
