"""What checkpoints say of the target images."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "predictions",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("run_id", sa.Integer(), sa.ForeignKey("runs.id", ondelete="CASCADE"), nullable=False),
        sa.Column("checkpoint", sa.String(20), nullable=False),
        sa.Column("first_image", sa.Text(), nullable=True),
        sa.Column("job_id", sa.Integer(), sa.ForeignKey("jobs.id", ondelete="CASCADE"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.UniqueConstraint("run_id", "checkpoint"),
    )
    op.create_index("ix_predictions_job_id", "predictions", ["job_id"])


def downgrade() -> None:
    op.drop_table("predictions")
    # Jobs of this kind are unknown to the version before.
    op.execute("DELETE FROM jobs WHERE kind = 'predict'")
