"""By which token, and why, each version of the catalog was applied."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    op.create_table(
        "catalog_versions",
        sa.Column("version", sa.BigInteger, primary_key=True),
        sa.Column("token", sa.Text, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
    )
    op.create_index("catalog_history_version", "catalog_history", ["version"])


def downgrade() -> None:
    op.drop_index("catalog_history_version", "catalog_history")
    op.drop_table("catalog_versions")
