"""Revisions of a round's labels, and what has changed since the round before."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "round_changes",
        sa.Column(
            "round_id", sa.Integer(), sa.ForeignKey("rounds.id", ondelete="CASCADE"), primary_key=True
        ),
        sa.Column("job_id", sa.Integer(), sa.ForeignKey("jobs.id", ondelete="CASCADE"), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=True),
        sa.Column("report", sa.JSON(), nullable=True),
    )
    op.create_index("ix_round_changes_job_id", "round_changes", ["job_id"])
    op.add_column("rounds", sa.Column("revision", sa.Integer(), nullable=False, server_default="0"))
    op.create_table(
        "revisions",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("round_id", sa.Integer(), sa.ForeignKey("rounds.id", ondelete="CASCADE"), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("parent", sa.Integer(), nullable=True),
        sa.Column("changes", sa.JSON(), nullable=False),
        sa.Column("comment", sa.Text(), nullable=False),
        sa.Column("person", sa.String(80), nullable=False),
        sa.Column("label_set", sa.JSON(), nullable=True),
        sa.Column("job_id", sa.Integer(), sa.ForeignKey("jobs.id", ondelete="SET NULL"), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.UniqueConstraint("round_id", "number"),
    )
    op.create_index("ix_revisions_job_id", "revisions", ["job_id"])
    op.create_table(
        "revised_labels",
        sa.Column(
            "revision_id",
            sa.Integer(),
            sa.ForeignKey("revisions.id", ondelete="CASCADE"),
            primary_key=True,
        ),
        sa.Column(
            "label_id", sa.Integer(), sa.ForeignKey("labels.id", ondelete="CASCADE"), primary_key=True
        ),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("kept_share", sa.Double(), nullable=False),
        sa.Column("report", sa.JSON(), nullable=False),
    )


# The version before knows labels as the network made them alone: they are again what they were, with the
# decisions that were on them then.
AS_MADE = """
    SELECT {column} FROM revised_labels JOIN revisions ON revisions.id = revised_labels.revision_id
    WHERE revisions.number = 0 AND revised_labels.label_id = labels.id
"""
REVISED = "round_id IN (SELECT id FROM rounds WHERE revision > 0)"
DECIDED = """
    SELECT CASE decision WHEN 'accept' THEN 'accepted' WHEN 'reject' THEN 'rejected'
        WHEN 'skip' THEN 'skipped' ELSE 'unreviewed' END
    FROM reviews WHERE reviews.label_id = labels.id AND decision NOT IN ('veto', 'revise')
    ORDER BY reviews.id DESC LIMIT 1
"""
BY_REVISION = "SELECT count(*) FROM reviews WHERE reviews.label_id = labels.id AND decision = 'revise'"


def downgrade() -> None:
    op.execute(f"UPDATE labels SET position = -1 - position WHERE {REVISED}")
    columns = ", ".join(
        f"{column} = ({AS_MADE.format(column=f'revised_labels.{column}')})"
        for column in ("position", "kept_share", "report")
    )
    op.execute(f"UPDATE labels SET {columns} WHERE {REVISED}")
    changed = "id IN (SELECT label_id FROM reviews WHERE decision = 'revise')"
    op.execute(
        f"UPDATE labels SET version = version - ({BY_REVISION}), "
        f"status = coalesce(({DECIDED}), 'unreviewed') WHERE {changed}"
    )
    op.execute("DELETE FROM reviews WHERE decision = 'revise'")
    op.execute(
        "UPDATE rounds SET label_set = (SELECT label_set FROM revisions "
        "WHERE revisions.round_id = rounds.id AND revisions.number = 0) WHERE revision > 0"
    )
    op.execute(
        "UPDATE runs SET state = 'waiting_for_review' "
        "WHERE id IN (SELECT run_id FROM rounds WHERE state = 'revising')"
    )
    op.execute("UPDATE rounds SET state = 'reviewing' WHERE state = 'revising'")
    op.drop_table("round_changes")
    op.drop_table("revised_labels")
    op.drop_table("revisions")
    # Jobs of this kind are unknown to the version before.
    op.execute("DELETE FROM jobs WHERE kind IN ('apply_revision', 'compare_rounds')")
    with op.batch_alter_table("rounds") as table:
        table.drop_column("revision")
