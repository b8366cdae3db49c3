"""Escalation's tables."""

from sqlalchemy import BigInteger, Column, Index, MetaData, Table, Text

from tocsin.sql import Instant, Json, recipe_tables

METADATA = MetaData()
recipe_tables(METADATA)
CATALOG_HEAD = Table(
    "catalog_head",
    METADATA,
    Column("id", Text, primary_key=True),
    Column("version", BigInteger, nullable=False),
)
CATALOG_HISTORY = Table(
    "catalog_history",
    METADATA,
    Column("kind", Text, primary_key=True),
    Column("name", Text, primary_key=True),
    Column("version", BigInteger, primary_key=True),
    Column("set", Text, nullable=False),
    Column("author", Text, nullable=False),
    Column("spec", Json),  # None: deleted in this version.
    Column("applied_at", Instant, nullable=False),
    Index("catalog_history_version", "version"),
)
CATALOG_VERSIONS = Table(
    "catalog_versions",
    METADATA,
    Column("version", BigInteger, primary_key=True),
    Column("token", Text, nullable=False),
    Column("reason", Json, nullable=False),
)
ESCALATIONS = Table(
    "escalations",
    METADATA,
    Column("incident_id", Text, primary_key=True),
    Column("version", BigInteger, nullable=False),
    Column("status", Text, nullable=False),
    Column("updated_at", Instant, nullable=False),
    Column("climb", Json, nullable=False),
)
HAND_OFFS = Table(
    "hand_offs",
    METADATA,
    Column("schedule", Text, primary_key=True),
    Column("look_at", Instant),  # None: the schedule was removed.
    Column("fact", Json, nullable=False),
)
CALENDARS = Table(
    "calendars",
    METADATA,
    Column("key", Text, primary_key=True),
    Column("next_at", Instant, nullable=False),
    Column("read_at", Instant),
    Column("failing_since", Instant),
    Column("failures", BigInteger, nullable=False),
    Column("error", Text, nullable=False),
    Column("digest", Text, nullable=False),
    Column("spans", Json, nullable=False),
)
RINGS = Table(
    "rings",
    METADATA,
    Column("ring", Text, primary_key=True),
    Column("turns", Json, nullable=False),
)
SWAPS = Table(
    "swaps",
    METADATA,
    Column("swap_id", Text, primary_key=True),
    Column("schedule", Text, nullable=False),
    Column("proposer", Text, nullable=False),
    Column("other", Text, nullable=False),
    Column("swap", Json, nullable=False),
)
