"""The tables of this service, the same on SQLite and PostgreSQL."""

from sqlalchemy import BigInteger, Boolean, Column, Index, Integer, MetaData, Table, Text

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
    Index("events_latest", "incident_id", "recorded_at"),
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
STANDINGS = Table(
    "standings",
    METADATA,
    Column("incident_id", Text, primary_key=True),
    Column("version", BigInteger, nullable=False),
    Column("number", BigInteger),
    Column("title", Text, nullable=False),
    Column("service", Text, nullable=False),
    Column("severity", Text, nullable=False),
    Column("urgency", Text, nullable=False),
    Column("status", Text, nullable=False),
    Column("team", Text, nullable=False),
    Column("policy", Text, nullable=False),
    Column("description", Text, nullable=False),
    Column("runbook", Text, nullable=False),
    Column("holder", Text, nullable=False),
    Column("until", Instant),
    Column("triggered_at", Instant),
    Column("resolved_at", Instant),
    Column("alerts", Integer, nullable=False),
    Column("firing", Integer, nullable=False),
    Column("moved_at", Instant, nullable=False),
    Index("standings_place", "status", "number"),
    Index("standings_number", "number"),
    Index("standings_moved_at", "moved_at"),
)
ORDERS = Table(
    "orders",
    METADATA,
    Column("command_id", Text, primary_key=True),
    Column("incident_id", Text, nullable=False),
    Column("verb", Text, nullable=False),
    Column("by", Text, nullable=False),
    Column("sent_at", Instant, nullable=False),
    Column("answered_at", Instant),
    Column("refusal", Text, nullable=False),
    Index("orders_incident_id", "incident_id", "sent_at"),
    Index("orders_by", "by", "sent_at"),
)
SESSIONS = Table(
    "sessions",
    METADATA,
    Column("key_hash", Text, primary_key=True),
    Column("token_hash", Text, nullable=False),
    Column("person", Text, nullable=False),
    Column("expires_at", Instant, nullable=False),
    Index("sessions_expires_at", "expires_at"),
)
SILENCES = Table(
    "silences",
    METADATA,
    Column("silence_id", Text, primary_key=True),
    Column("matchers", Json, nullable=False),
    Column("starts_at", Instant, nullable=False),
    Column("ends_at", Instant, nullable=False),
    Column("created_by", Text, nullable=False),
    Column("comment", Text, nullable=False),
    Index("silences_ends_at", "ends_at", "silence_id"),
)
WATCHES = Table(
    "watches",
    METADATA,
    Column("schedule", Text, primary_key=True),
    Column("responders", Json, nullable=False),
    Column("since", Instant, nullable=False),
    Column("until", Instant),
    Column("following", Json, nullable=False),
)
OUTLOOKS = Table(
    "outlooks",
    METADATA,
    Column("schedule", Text, primary_key=True),
    Column("catalog_version", BigInteger, nullable=False),
    Column("since", Instant, nullable=False),
    Column("until", Instant, nullable=False),
    Column("final", Json, nullable=False),
    Column("layers", Json, nullable=False),
)
HANDOFF_NOTES = Table(
    "handoff_notes",
    METADATA,
    Column("note_id", Text, primary_key=True),
    Column("schedule", Text, nullable=False),
    Column("left_at", Instant, nullable=False),
    Column("data", Json, nullable=False),
    Index("handoff_notes_schedule", "schedule", "left_at", "note_id"),
)
BOARDS = Table(
    "boards",
    METADATA,
    Column("board", Text, primary_key=True),
    Column("moved_at", Instant, nullable=False),
    Column("version", BigInteger, nullable=False),
)
