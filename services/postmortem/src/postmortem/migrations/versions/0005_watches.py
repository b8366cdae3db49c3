"""What is silenced, and who is on call."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    op.create_index("orders_by", "orders", ["by", "sent_at"])
    op.create_table(
        "silences",
        sa.Column("silence_id", sa.Text, primary_key=True),
        sa.Column("matchers", sa.Text, nullable=False),
        sa.Column("starts_at", sa.BigInteger, nullable=False),
        sa.Column("ends_at", sa.BigInteger, nullable=False),
        sa.Column("created_by", sa.Text, nullable=False),
        sa.Column("comment", sa.Text, nullable=False),
    )
    op.create_index("silences_ends_at", "silences", ["ends_at", "silence_id"])
    op.create_table(
        "watches",
        sa.Column("schedule", sa.Text, primary_key=True),
        sa.Column("responders", sa.Text, nullable=False),
        sa.Column("since", sa.BigInteger, nullable=False),
        sa.Column("until", sa.BigInteger),
        sa.Column("following", sa.Text, nullable=False),
    )


def downgrade() -> None:
    for table in ("watches", "silences"):
        op.drop_table(table)
    op.drop_index("orders_by", "orders")
