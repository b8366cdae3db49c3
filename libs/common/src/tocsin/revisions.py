"""Alembic for every service. It is loaded only where there is something to bring up to date."""

from typing import Any

import sqlalchemy as sa
import structlog
from alembic import command, context, op
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, MetaData, text

from tocsin import crash_points

log = structlog.get_logger(__name__)
MIGRATION_LOCK = 7_236_452_891  # Any number that only this uses: PostgreSQL's advisory lock.


def upgrade(connection: Connection, script_location: str) -> None:
    """Bring a database to the newest revision of this folder, one replica at a time."""
    config = Config()
    config.set_main_option("script_location", script_location)
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_lock(:key)"), {"key": MIGRATION_LOCK})
        connection.commit()  # The lock is the session's; the transactions are Alembic's.
    config.attributes["connection"] = connection
    if revision := _of_a_later_release(connection, config):
        # Migrations only add, so that we can go on beside the release that ran it, or after it.
        log.warning("database_of_a_later_release", revision=revision)
        return
    command.upgrade(config, "head")
    connection.commit()


def _of_a_later_release(connection: Connection, config: Config) -> str | None:
    """Return the database's revision if this release does not know it."""
    current = MigrationContext.configure(connection).get_current_revision()
    connection.commit()
    known = {each.revision for each in ScriptDirectory.from_config(config).walk_revisions()}
    return None if current is None or current in known else current


def run_env(metadata: MetaData) -> None:
    """Be a service's `migrations/env.py`: run the revisions on the connection handed over."""
    connection = context.config.attributes["connection"]
    context.configure(
        connection=connection,
        target_metadata=metadata,
        transaction_per_migration=True,
        transactional_ddl=True,
        render_as_batch=True,
        on_version_apply=lambda **_: crash_points.reach("process.migrating"),
    )
    with context.begin_transaction():
        context.run_migrations()


def create_recipe_v1() -> None:
    """Create the recipe's tables as of their first release. Frozen: a change is a new function."""
    key = sa.BigInteger().with_variant(sa.Integer, "sqlite")
    op.create_table(
        "inbox",
        sa.Column("consumer", sa.Text, primary_key=True),
        sa.Column("event_id", sa.Text, primary_key=True),
        sa.Column("seen_at", sa.BigInteger, nullable=False),
    )
    op.create_index("inbox_seen_at", "inbox", ["seen_at"])
    op.create_table(
        "outbox",
        sa.Column("id", key, primary_key=True, autoincrement=True),
        sa.Column("event_id", sa.Text, nullable=False),
        sa.Column("topic", sa.Text, nullable=False),
        sa.Column("key", sa.LargeBinary, nullable=False),
        sa.Column("payload", sa.LargeBinary, nullable=False),
        sa.Column("traceparent", sa.Text),
        sa.Column("created_at", sa.BigInteger, nullable=False),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "timers",
        sa.Column("timer_id", sa.Text, primary_key=True),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("subject", sa.Text, nullable=False),
        sa.Column("due_at", sa.BigInteger, nullable=False),
        sa.Column("data", sa.Text, nullable=False),
    )
    op.create_index("timers_due_at", "timers", ["due_at"])
    op.create_table("dead_letters", *_dead_letter_columns())
    op.create_table(
        "leases",
        sa.Column("name", sa.Text, primary_key=True),
        sa.Column("holder", sa.Text, nullable=False),
        sa.Column("fence", sa.BigInteger, nullable=False),
        sa.Column("held_until", sa.BigInteger, nullable=False),
    )
    op.create_table(
        "catalog_documents",
        sa.Column("kind", sa.Text, primary_key=True),
        sa.Column("name", sa.Text, primary_key=True),
        sa.Column("catalog_version", sa.BigInteger, nullable=False),
        sa.Column("document", sa.Text, nullable=False),
    )


def create_recipe_v2() -> None:
    """Add the ledger of obligations. Frozen, as the first."""
    op.create_table(
        "obligations",
        sa.Column("obligation_id", sa.Text, primary_key=True),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("subject", sa.Text, nullable=False),
        sa.Column("text", sa.Text, nullable=False),
        sa.Column("version", sa.BigInteger, nullable=False),
        sa.Column("owed_at", sa.BigInteger, nullable=False),
        sa.Column("due_at", sa.BigInteger, nullable=False),
        sa.Column("act_at", sa.BigInteger, nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("alarmed_at", sa.BigInteger),
    )
    op.create_index("obligations_act_at", "obligations", ["act_at"])


def _dead_letter_columns() -> list[sa.Column[Any]]:
    return [
        sa.Column("dead_letter_id", sa.Text, primary_key=True),
        sa.Column("consumer", sa.Text, nullable=False),
        sa.Column("topic", sa.Text, nullable=False),
        sa.Column("partition", sa.Integer, nullable=False),
        sa.Column("offset", sa.BigInteger, nullable=False),
        sa.Column("key", sa.LargeBinary, nullable=False),
        sa.Column("payload", sa.LargeBinary, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("error", sa.Text, nullable=False),
        sa.Column("first_seen_at", sa.BigInteger, nullable=False),
        sa.Column("replayed_at", sa.BigInteger),
    ]
