"""The recipe's tables, the climbs, and the catalog's history."""

import sqlalchemy as sa
from alembic import op

from tocsin.revisions import create_recipe_v1

revision = "0001"
down_revision = None


def upgrade() -> None:
    create_recipe_v1()
    op.create_table(
        "escalations",
        sa.Column("incident_id", sa.Text, primary_key=True),
        sa.Column("version", sa.BigInteger, nullable=False),
        sa.Column("status", sa.Text, nullable=False),
        sa.Column("updated_at", sa.BigInteger, nullable=False),
        sa.Column("climb", sa.Text, nullable=False),
    )
    op.create_table(
        "catalog_head",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("version", sa.BigInteger, nullable=False),
    )
    op.create_table(
        "catalog_history",
        sa.Column("kind", sa.Text, primary_key=True),
        sa.Column("name", sa.Text, primary_key=True),
        sa.Column("version", sa.BigInteger, primary_key=True),
        sa.Column("set", sa.Text, nullable=False),
        sa.Column("author", sa.Text, nullable=False),
        sa.Column("spec", sa.Text),
        sa.Column("applied_at", sa.BigInteger, nullable=False),
    )


def downgrade() -> None:
    for table in ("catalog_history", "catalog_head", "escalations"):
        op.drop_table(table)
    for table in ("catalog_documents", "leases", "dead_letters", "timers", "outbox", "inbox"):
        op.drop_table(table)
