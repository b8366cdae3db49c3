"""Notices of handoffs, the coming shifts that they follow from, and the notes that they carry."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    op.create_table(
        "outlooks",
        sa.Column("schedule", sa.Text, primary_key=True),
        sa.Column("catalog_version", sa.BigInteger, nullable=False),
        sa.Column("since", sa.BigInteger, nullable=False),
        sa.Column("shifts", sa.Text, nullable=False),
        sa.Column("looked_at", sa.BigInteger, nullable=False),
        sa.Column("look_at", sa.BigInteger),
        sa.Column("needs", sa.BigInteger, nullable=False),
    )
    op.create_table(
        "notices",
        sa.Column("notice_id", sa.Text, primary_key=True),
        sa.Column("occasion", sa.Text, nullable=False),
        sa.Column("person", sa.Text, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("handoff_at", sa.BigInteger, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("wakes_at", sa.BigInteger),
        sa.Column("fence", sa.BigInteger, nullable=False),
        sa.Column("data", sa.Text, nullable=False),
    )
    op.create_table(
        "handoff_notes",
        sa.Column("schedule", sa.Text, primary_key=True),
        sa.Column("note_id", sa.Text, nullable=False),
        sa.Column("left_at", sa.BigInteger, nullable=False),
        sa.Column("data", sa.Text, nullable=False),
    )
    op.create_index("notices_occasion", "notices", ["occasion"])
    op.create_index("notices_wakes_at", "notices", ["wakes_at"])
    op.create_index("notices_handoff_at", "notices", ["handoff_at"])


def downgrade() -> None:
    op.drop_table("handoff_notes")
    op.drop_table("notices")
    op.drop_table("outlooks")
