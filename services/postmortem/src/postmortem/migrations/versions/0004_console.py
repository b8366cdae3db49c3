"""The console: where incidents stand, commands given there, who is logged in."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    op.create_index("events_latest", "events", ["incident_id", "recorded_at"])
    op.create_table(
        "standings",
        sa.Column("incident_id", sa.Text, primary_key=True),
        sa.Column("version", sa.BigInteger, nullable=False),
        sa.Column("number", sa.BigInteger),
        sa.Column("title", sa.Text, nullable=False),
        sa.Column("service", sa.Text, nullable=False),
        sa.Column("severity", sa.Text, nullable=False),
        sa.Column("urgency", sa.Text, nullable=False),
        sa.Column("status", sa.Text, nullable=False),
        sa.Column("team", sa.Text, nullable=False),
        sa.Column("policy", sa.Text, nullable=False),
        sa.Column("description", sa.Text, nullable=False),
        sa.Column("runbook", sa.Text, nullable=False),
        sa.Column("holder", sa.Text, nullable=False),
        sa.Column("until", sa.BigInteger),
        sa.Column("triggered_at", sa.BigInteger),
        sa.Column("resolved_at", sa.BigInteger),
        sa.Column("alerts", sa.Integer, nullable=False),
        sa.Column("firing", sa.Integer, nullable=False),
        sa.Column("moved_at", sa.BigInteger, nullable=False),
    )
    op.create_index("standings_place", "standings", ["status", "number"])
    op.create_index("standings_number", "standings", ["number"])
    op.create_index("standings_moved_at", "standings", ["moved_at"])
    op.create_table(
        "orders",
        sa.Column("command_id", sa.Text, primary_key=True),
        sa.Column("incident_id", sa.Text, nullable=False),
        sa.Column("verb", sa.Text, nullable=False),
        sa.Column("by", sa.Text, nullable=False),
        sa.Column("sent_at", sa.BigInteger, nullable=False),
        sa.Column("answered_at", sa.BigInteger),
        sa.Column("refusal", sa.Text, nullable=False),
    )
    op.create_index("orders_incident_id", "orders", ["incident_id", "sent_at"])
    op.create_table(
        "sessions",
        sa.Column("key_hash", sa.Text, primary_key=True),
        sa.Column("token_hash", sa.Text, nullable=False),
        sa.Column("person", sa.Text, nullable=False),
        sa.Column("expires_at", sa.BigInteger, nullable=False),
    )
    op.create_index("sessions_expires_at", "sessions", ["expires_at"])


def downgrade() -> None:
    for table in ("sessions", "orders", "standings"):
        op.drop_table(table)
    op.drop_index("events_latest", "events")
