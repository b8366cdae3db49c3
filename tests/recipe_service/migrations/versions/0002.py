from tocsin.revisions import create_recipe_v2

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    create_recipe_v2()


def downgrade() -> None:
    pass
