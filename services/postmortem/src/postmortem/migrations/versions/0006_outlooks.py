"""The shifts of the coming weeks."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    op.create_table(
        "outlooks",
        sa.Column("schedule", sa.Text, primary_key=True),
        sa.Column("catalog_version", sa.BigInteger, nullable=False),
        sa.Column("since", sa.BigInteger, nullable=False),
        sa.Column("until", sa.BigInteger, nullable=False),
        sa.Column("final", sa.Text, nullable=False),
        sa.Column("layers", sa.Text, nullable=False),
    )


def downgrade() -> None:
    op.drop_table("outlooks")
