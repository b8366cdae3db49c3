from tocsin.revisions import create_recipe_v1

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    create_recipe_v1()


def downgrade() -> None:
    pass
