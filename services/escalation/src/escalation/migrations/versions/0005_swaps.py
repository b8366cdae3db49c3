"""Swaps that somebody proposed, and what became of them."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    op.create_table(
        "swaps",
        sa.Column("swap_id", sa.Text, primary_key=True),
        sa.Column("schedule", sa.Text, nullable=False),
        sa.Column("proposer", sa.Text, nullable=False),
        sa.Column("other", sa.Text, nullable=False),
        sa.Column("swap", sa.Text, nullable=False),
    )


def downgrade() -> None:
    op.drop_table("swaps")
