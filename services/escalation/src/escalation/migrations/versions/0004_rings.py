"""Whose turn it is, of the levels whose people take turns."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    op.create_table(
        "rings",
        sa.Column("ring", sa.Text, primary_key=True),
        sa.Column("turns", sa.Text, nullable=False),
    )


def downgrade() -> None:
    op.drop_table("rings")
