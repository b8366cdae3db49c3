"""Messages in chats that are kept up to date, and who is linked to whom there."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    op.create_table(
        "posts",
        sa.Column("post_id", sa.Text, primary_key=True),
        sa.Column("channel", sa.Text, nullable=False),
        sa.Column("address", sa.Text, nullable=False),
        sa.Column("reference", sa.Text, nullable=False),
        sa.Column("token_hash", sa.Text, nullable=False),
        sa.Column("opened_at", sa.BigInteger, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("wakes_at", sa.BigInteger),
        sa.Column("fence", sa.BigInteger, nullable=False),
        sa.Column("data", sa.Text, nullable=False),
    )
    op.create_index("posts_wakes_at", "posts", ["wakes_at"])
    op.create_index("posts_token_hash", "posts", ["token_hash"])
    op.create_index("posts_reference", "posts", ["channel", "reference"])
    op.create_index("posts_address", "posts", ["channel", "address", "opened_at"])
    op.create_table(
        "post_incidents",
        sa.Column("incident_id", sa.Text, primary_key=True),
        sa.Column("post_id", sa.Text, primary_key=True),
    )
    op.create_index("post_incidents_post_id", "post_incidents", ["post_id"])
    op.create_table(
        "chat_links",
        sa.Column("channel", sa.Text, primary_key=True),
        sa.Column("subject", sa.Text, primary_key=True),
        sa.Column("person", sa.Text, nullable=False),
        sa.Column("linked_at", sa.BigInteger, nullable=False),
    )
    op.create_table(
        "chat_codes",
        sa.Column("code_hash", sa.Text, primary_key=True),
        sa.Column("channel", sa.Text, nullable=False),
        sa.Column("subject", sa.Text, nullable=False),
        sa.Column("expires_at", sa.BigInteger, nullable=False),
    )


def downgrade() -> None:
    for table in ("chat_codes", "chat_links", "post_incidents", "posts"):
        op.drop_table(table)
