"""What was last told of who is on call for each schedule."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    op.create_table(
        "hand_offs",
        sa.Column("schedule", sa.Text, primary_key=True),
        sa.Column("look_at", sa.BigInteger),
        sa.Column("fact", sa.Text, nullable=False),
    )


def downgrade() -> None:
    op.drop_table("hand_offs")
