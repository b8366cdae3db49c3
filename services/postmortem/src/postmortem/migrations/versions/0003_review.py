"""What people make of a postmortem: reviews, words, action items, published versions, history."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    op.create_table(
        "reviews",
        sa.Column("postmortem_id", sa.Text, primary_key=True),
        sa.Column("incident_id", sa.Text, nullable=False),
        sa.Column("status", sa.Text, nullable=False),
        sa.Column("revision", sa.BigInteger, nullable=False),
        sa.Column("requested_by", sa.Text),
        sa.Column("requested_at", sa.BigInteger),
        sa.Column("basis_digest", sa.Text),
        sa.Column("basis", sa.Text),
        sa.Column("published", sa.BigInteger, nullable=False),
    )
    op.create_table(
        "words",
        sa.Column("postmortem_id", sa.Text, primary_key=True),
        sa.Column("section", sa.Text, primary_key=True),
        sa.Column("text", sa.Text, nullable=False),
        sa.Column("version", sa.BigInteger, nullable=False),
        sa.Column("edited_by", sa.Text, nullable=False),
        sa.Column("edited_at", sa.BigInteger, nullable=False),
    )
    op.create_table(
        "action_items",
        sa.Column("action_item_id", sa.Text, primary_key=True),
        sa.Column("postmortem_id", sa.Text, nullable=False),
        sa.Column("incident_id", sa.Text, nullable=False),
        sa.Column("title", sa.Text, nullable=False),
        sa.Column("owner", sa.Text, nullable=False),
        sa.Column("due", sa.Text, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("version", sa.BigInteger, nullable=False),
        sa.Column("opened_by", sa.Text, nullable=False),
        sa.Column("opened_at", sa.BigInteger, nullable=False),
        sa.Column("changed_by", sa.Text, nullable=False),
        sa.Column("changed_at", sa.BigInteger, nullable=False),
    )
    op.create_index("action_items_postmortem_id", "action_items", ["postmortem_id"])
    op.create_index("action_items_due", "action_items", ["due", "action_item_id"])
    op.create_table(
        "publications",
        sa.Column("postmortem_id", sa.Text, primary_key=True),
        sa.Column("number", sa.BigInteger, primary_key=True),
        sa.Column("document", sa.Text, nullable=False),
        sa.Column("sha256", sa.Text, nullable=False),
        sa.Column("digest", sa.Text, nullable=False),
        sa.Column("published_by", sa.Text, nullable=False),
        sa.Column("published_at", sa.BigInteger, nullable=False),
    )
    op.create_table(
        "history",
        sa.Column("change_id", sa.Text, primary_key=True),
        sa.Column("postmortem_id", sa.Text, nullable=False),
        sa.Column("revision", sa.BigInteger, nullable=False),
        sa.Column("what", sa.Text, nullable=False),
        sa.Column("changed_by", sa.Text, nullable=False),
        sa.Column("changed_at", sa.BigInteger, nullable=False),
        sa.Column("detail", sa.Text, nullable=False),
    )
    op.create_index(
        "history_postmortem_id", "history", ["postmortem_id", "revision"], unique=True
    )


def downgrade() -> None:
    for table in ["history", "publications", "action_items", "words", "reviews"]:
        op.drop_table(table)
