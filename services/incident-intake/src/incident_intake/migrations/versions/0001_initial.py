"""Alerts, incidents, silences and the counter of incidents."""

import sqlalchemy as sa
from alembic import op

from tocsin.revisions import create_recipe_v1

revision = "0001"
down_revision = None


def upgrade() -> None:
    create_recipe_v1()
    op.create_table(
        "alerts",
        sa.Column("alert_id", sa.Text, primary_key=True),
        sa.Column("service", sa.Text, nullable=False),
        sa.Column("status", sa.Text, nullable=False),
        sa.Column("integration", sa.Text, nullable=False),
        sa.Column("incident_id", sa.Text),
        sa.Column("silence_id", sa.Text),
        sa.Column("first_received_at", sa.BigInteger, nullable=False),
        sa.Column("data", sa.Text, nullable=False),
    )
    op.create_index("alerts_newest", "alerts", ["first_received_at", "alert_id"])
    op.create_index("alerts_incident", "alerts", ["incident_id"])
    op.create_index("alerts_silence", "alerts", ["silence_id"])
    op.create_table(
        "memberships",
        sa.Column("incident_id", sa.Text, primary_key=True),
        sa.Column("alert_id", sa.Text, primary_key=True),
        sa.Column("status", sa.Text, nullable=False),
        sa.Column("started_at", sa.BigInteger),
        sa.Column("ended_at", sa.BigInteger),
    )
    op.create_table(
        "incidents",
        sa.Column("incident_id", sa.Text, primary_key=True),
        sa.Column("number", sa.BigInteger, nullable=False, unique=True),
        sa.Column("service", sa.Text, nullable=False),
        sa.Column("status", sa.Text, nullable=False),
        sa.Column("group_key", sa.Text, nullable=False),
        sa.Column("triggered_at", sa.BigInteger, nullable=False),
        sa.Column("data", sa.Text, nullable=False),
    )
    op.create_index("incidents_group", "incidents", ["group_key", "status"])
    counters = op.create_table(
        "counters",
        sa.Column("name", sa.Text, primary_key=True),
        sa.Column("value", sa.BigInteger, nullable=False),
    )
    op.bulk_insert(counters, [{"name": "incident", "value": 0}])
    op.create_table(
        "silences",
        sa.Column("silence_id", sa.Text, primary_key=True),
        sa.Column("starts_at", sa.BigInteger, nullable=False),
        sa.Column("ends_at", sa.BigInteger, nullable=False),
        sa.Column("created_at", sa.BigInteger, nullable=False),
        sa.Column("data", sa.Text, nullable=False),
    )
    op.create_index("silences_ends_at", "silences", ["ends_at"])


def downgrade() -> None:
    for table in (
        "silences",
        "counters",
        "incidents",
        "memberships",
        "alerts",
        "catalog_documents",
        "leases",
        "dead_letters",
        "timers",
        "outbox",
        "inbox",
    ):
        op.drop_table(table)
