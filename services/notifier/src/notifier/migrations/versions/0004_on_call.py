"""Who is on call, as escalation announces it."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    op.create_table(
        "on_call",
        sa.Column("schedule", sa.Text, primary_key=True),
        sa.Column("responders", sa.Text, nullable=False),
        sa.Column("since", sa.BigInteger, nullable=False),
        sa.Column("until", sa.BigInteger),
        sa.Column("then", sa.Text, nullable=False),
    )


def downgrade() -> None:
    op.drop_table("on_call")
