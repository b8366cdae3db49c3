"""Which contact methods were proven to reach their people, and the codes by which they are."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    op.create_table(
        "verified_contacts",
        sa.Column("person", sa.Text, primary_key=True),
        sa.Column("method", sa.Text, primary_key=True),
        sa.Column("channel", sa.Text, nullable=False),
        sa.Column("address_hash", sa.Text, nullable=False),
        sa.Column("verified_at", sa.BigInteger, nullable=False),
    )
    op.create_table(
        "contact_codes",
        sa.Column("channel", sa.Text, primary_key=True),
        sa.Column("address_hash", sa.Text, primary_key=True),
        sa.Column("expires_at", sa.BigInteger, nullable=False),
        sa.Column("challenge_id", sa.Text, nullable=False),
        sa.Column("person", sa.Text, nullable=False),
        sa.Column("method", sa.Text, nullable=False),
        sa.Column("code_hash", sa.Text, nullable=False),
        sa.Column("token_hash", sa.Text, nullable=False),
        sa.Column("wrong", sa.Integer, nullable=False),
        sa.Column("confirmed_at", sa.BigInteger),
        sa.Column("asked", sa.Text, nullable=False),
    )
    op.create_index("contact_codes_token_hash", "contact_codes", ["token_hash"])


def downgrade() -> None:
    op.drop_table("contact_codes")
    op.drop_table("verified_contacts")
