"""The ledger of obligations."""

from alembic import op

from tocsin.revisions import create_recipe_v2

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    create_recipe_v2()


def downgrade() -> None:
    op.drop_table("obligations")
