"""The first tables: incidents as known here, pages, notifications, interactions."""

import sqlalchemy as sa
from alembic import op

from tocsin.revisions import create_recipe_v1

revision = "0001"
down_revision = None


def upgrade() -> None:
    create_recipe_v1()
    op.create_table(
        "incidents",
        sa.Column("incident_id", sa.Text, primary_key=True),
        sa.Column("version", sa.BigInteger, nullable=False),
        sa.Column("number", sa.BigInteger, nullable=False),
        sa.Column("status", sa.Text, nullable=False),
        sa.Column("answered_at_version", sa.BigInteger, nullable=False),
        sa.Column("data", sa.Text, nullable=False),
    )
    op.create_index("incidents_number", "incidents", ["number"])
    op.create_table(
        "pages",
        sa.Column("page_id", sa.Text, primary_key=True),
        sa.Column("responder", sa.Text, nullable=False),
        sa.Column("requested_at", sa.BigInteger, nullable=False),
        sa.Column("token_hash", sa.Text, nullable=False),
        sa.Column("link_used_at", sa.BigInteger),
        sa.Column("envelope", sa.Text, nullable=False),
    )
    op.create_index("pages_token_hash", "pages", ["token_hash"])
    op.create_index("pages_responder", "pages", ["responder", "requested_at"])
    op.create_table(
        "notifications",
        sa.Column("notification_id", sa.Text, primary_key=True),
        sa.Column("page_id", sa.Text, nullable=False),
        sa.Column("incident_id", sa.Text, nullable=False),
        sa.Column("incident_version", sa.BigInteger, nullable=False),
        sa.Column("purpose", sa.Text, nullable=False),
        sa.Column("position", sa.Integer, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("due_since", sa.BigInteger, nullable=False),
        sa.Column("wakes_at", sa.BigInteger),
        sa.Column("ended_at", sa.BigInteger),
        sa.Column("fence", sa.BigInteger, nullable=False),
        sa.Column("attempt", sa.Integer, nullable=False),
        sa.Column("data", sa.Text, nullable=False),
    )
    op.create_index("notifications_page_id", "notifications", ["page_id"])
    op.create_index("notifications_incident_id", "notifications", ["incident_id"])
    op.create_index("notifications_wakes_at", "notifications", ["wakes_at"])
    op.create_table(
        "interactions",
        sa.Column("channel", sa.Text, primary_key=True),
        sa.Column("external_id", sa.Text, primary_key=True),
        sa.Column("heard_at", sa.BigInteger, nullable=False),
    )


def downgrade() -> None:
    for table in ("interactions", "notifications", "pages", "incidents"):
        op.drop_table(table)
