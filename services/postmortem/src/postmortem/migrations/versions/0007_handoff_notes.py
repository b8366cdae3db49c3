"""Notes that people left for whoever is on call next."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    op.create_table(
        "handoff_notes",
        sa.Column("note_id", sa.Text, primary_key=True),
        sa.Column("schedule", sa.Text, nullable=False),
        sa.Column("left_at", sa.BigInteger, nullable=False),
        sa.Column("data", sa.Text, nullable=False),
    )
    op.create_index("handoff_notes_schedule", "handoff_notes", ["schedule", "left_at", "note_id"])


def downgrade() -> None:
    op.drop_table("handoff_notes")
