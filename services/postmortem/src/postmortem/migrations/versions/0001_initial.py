"""Events, incidents and drafts."""

import sqlalchemy as sa
from alembic import op

from tocsin.revisions import create_recipe_v1

revision = "0001"
down_revision = None


def upgrade() -> None:
    create_recipe_v1()
    op.create_table(
        "events",
        sa.Column("event_id", sa.Text, primary_key=True),
        sa.Column("incident_id", sa.Text, nullable=False),
        sa.Column("type", sa.Text, nullable=False),
        sa.Column("body", sa.Text, nullable=False),
        sa.Column("recorded_at", sa.BigInteger, nullable=False),
        sa.Column("stored_at", sa.BigInteger, nullable=False),
    )
    op.create_index("events_incident_id", "events", ["incident_id"])
    op.create_table(
        "incidents",
        sa.Column("incident_id", sa.Text, primary_key=True),
        sa.Column("postmortem_id", sa.Text, nullable=False, unique=True),
        sa.Column("was_resolved", sa.Boolean, nullable=False),
        sa.Column("first_seen_at", sa.BigInteger, nullable=False),
    )
    op.create_table(
        "drafts",
        sa.Column("postmortem_id", sa.Text, primary_key=True),
        sa.Column("incident_id", sa.Text, nullable=False, unique=True),
        sa.Column("title", sa.Text, nullable=False),
        sa.Column("service", sa.Text, nullable=False),
        sa.Column("status", sa.Text, nullable=False),
        sa.Column("digest", sa.Text, nullable=False),
        sa.Column("events", sa.BigInteger, nullable=False),
        sa.Column("resolved_at", sa.BigInteger, nullable=False),
        sa.Column("last_event_at", sa.BigInteger, nullable=False),
    )
    op.create_index("drafts_resolved_at", "drafts", ["resolved_at", "postmortem_id"])


def downgrade() -> None:
    tables = ["drafts", "incidents", "events", "inbox", "outbox", "timers"]
    for table in [*tables, "dead_letters", "leases", "catalog_documents"]:
        op.drop_table(table)
