"""What people draw over labels, classes they veto, and the decisions a training uses."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

ADDED = (
    ("labels", "vetoed_classes"),
    ("reviews", "vetoed_classes"),
    ("rounds", "vetoed_classes"),
    ("rounds", "decision_totals"),
    ("rounds", "trained_decisions"),
)


def upgrade() -> None:
    op.create_table(
        "corrections",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("label_id", sa.Integer(), sa.ForeignKey("labels.id", ondelete="CASCADE"), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("person", sa.String(80), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("file", sa.Text(), nullable=True),
        sa.Column("counts", sa.JSON(), nullable=True),
        sa.UniqueConstraint("label_id", "version"),
    )
    for table, column in ADDED:
        op.add_column(table, sa.Column(column, sa.JSON(), nullable=True))


def downgrade() -> None:
    # A decision of the kind "veto" is unknown to the version before.
    op.execute("DELETE FROM reviews WHERE decision = 'veto'")
    for table, column in reversed(ADDED):
        op.drop_column(table, column)
    op.drop_table("corrections")
