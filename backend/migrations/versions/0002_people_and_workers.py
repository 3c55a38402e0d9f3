"""People, audit trail, idempotent requests, claims, drafts, workers; priorities and needs of jobs."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    _people()
    _trail()
    _reviews()
    _queue()
    # Keys of runs started before there were people belong to the local person. What was asked with
    # them is not known any more: no digest is equal to the empty one, so such a key is refused.
    op.execute(
        "INSERT INTO idempotent_requests (person, key, operation, request_digest, subject_id, created_at) "
        "SELECT 'local', idempotency_key, 'run.start', '', id, created_at FROM runs "
        "WHERE idempotency_key IS NOT NULL"
    )
    with op.batch_alter_table(
        "runs", naming_convention={"uq": "%(table_name)s_%(column_0_name)s_key"}
    ) as runs:
        runs.add_column(sa.Column("priority", sa.Integer(), nullable=False, server_default="0"))
        runs.drop_constraint("runs_idempotency_key_key", type_="unique")
        runs.drop_column("idempotency_key")
    with op.batch_alter_table("runs") as runs:
        runs.alter_column("priority", server_default=None)


def _people() -> None:
    op.create_table(
        "users",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("name", sa.String(80), nullable=False, unique=True),
        sa.Column("role", sa.String(20), nullable=False),
        sa.Column("password_hash", sa.Text(), nullable=True),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
    )
    op.create_table(
        "tokens",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("user_id", sa.Integer(), sa.ForeignKey("users.id", ondelete="CASCADE"), nullable=False),
        sa.Column("name", sa.String(80), nullable=False),
        sa.Column("digest", sa.String(64), nullable=False, unique=True),
        sa.Column("scopes", sa.JSON(), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("expires_at", MOMENT, nullable=True),
        sa.Column("last_used_at", MOMENT, nullable=True),
        sa.Column("revoked_at", MOMENT, nullable=True),
    )
    op.create_index("ix_tokens_user_id", "tokens", ["user_id"])
    op.create_table(
        "sign_ins",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("user_id", sa.Integer(), sa.ForeignKey("users.id", ondelete="CASCADE"), nullable=False),
        sa.Column("digest", sa.String(64), nullable=False, unique=True),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("expires_at", MOMENT, nullable=False),
    )
    op.create_index("ix_sign_ins_user_id", "sign_ins", ["user_id"])


def _trail() -> None:
    op.create_table(
        "audit_events",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("person", sa.String(80), nullable=False),
        sa.Column("action", sa.String(60), nullable=False),
        sa.Column("subject_kind", sa.String(30), nullable=False),
        sa.Column("subject_id", sa.Integer(), nullable=True),
        sa.Column("before", sa.JSON(), nullable=True),
        sa.Column("after", sa.JSON(), nullable=True),
        sa.Column("request_id", sa.String(40), nullable=True),
    )
    op.create_index("audit_of_subject", "audit_events", ["subject_kind", "subject_id"])
    op.create_index("audit_of_action", "audit_events", ["action", "at"])
    op.create_table(
        "idempotent_requests",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("person", sa.String(80), nullable=False),
        sa.Column("key", sa.String(200), nullable=False),
        sa.Column("operation", sa.String(60), nullable=False),
        sa.Column("request_digest", sa.String(64), nullable=False),
        sa.Column("subject_id", sa.Integer(), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.UniqueConstraint("person", "key"),
    )


def _reviews() -> None:
    label = sa.ForeignKey("labels.id", ondelete="CASCADE")
    op.create_table(
        "label_claims",
        sa.Column("label_id", sa.Integer(), label, primary_key=True),
        sa.Column("person", sa.String(80), nullable=False),
        sa.Column("expires_at", MOMENT, nullable=False),
    )
    label = sa.ForeignKey("labels.id", ondelete="CASCADE")
    op.create_table(
        "review_drafts",
        sa.Column("label_id", sa.Integer(), label, primary_key=True),
        sa.Column("person", sa.String(80), primary_key=True),
        sa.Column("comment", sa.Text(), nullable=False),
        sa.Column("updated_at", MOMENT, nullable=False),
    )


def _queue() -> None:
    op.create_table(
        "workers",
        sa.Column("name", sa.String(200), primary_key=True),
        sa.Column("gpus", sa.Integer(), nullable=False),
        sa.Column("gpu_memory_gib", sa.Double(), nullable=False),
        sa.Column("started_at", MOMENT, nullable=False),
        sa.Column("seen_at", MOMENT, nullable=False),
    )
    op.create_table(
        "job_dependencies",
        sa.Column("job_id", sa.Integer(), sa.ForeignKey("jobs.id", ondelete="CASCADE"), primary_key=True),
        sa.Column("needs_id", sa.Integer(), sa.ForeignKey("jobs.id", ondelete="CASCADE"), primary_key=True),
    )
    with op.batch_alter_table("jobs") as jobs:
        jobs.add_column(sa.Column("priority", sa.Integer(), nullable=False, server_default="0"))
        jobs.add_column(sa.Column("gpus", sa.Integer(), nullable=False, server_default="0"))
        jobs.add_column(sa.Column("gpu_memory_gib", sa.Double(), nullable=False, server_default="0"))
        jobs.add_column(sa.Column("shard", sa.Integer(), nullable=True))
        jobs.add_column(sa.Column("shards", sa.Integer(), nullable=True))
    with op.batch_alter_table("jobs") as jobs:
        for name in ("priority", "gpus", "gpu_memory_gib"):
            jobs.alter_column(name, server_default=None)


def downgrade() -> None:
    with op.batch_alter_table("runs") as runs:
        runs.add_column(sa.Column("idempotency_key", sa.String(200), nullable=True))
        runs.create_unique_constraint("runs_idempotency_key_key", ["idempotency_key"])
        runs.drop_column("priority")
    op.execute(
        "UPDATE runs SET idempotency_key = (SELECT min(key) FROM idempotent_requests "
        "WHERE operation = 'run.start' AND subject_id = runs.id AND person = 'local')"
    )
    op.drop_table("job_dependencies")
    with op.batch_alter_table("jobs") as jobs:
        for name in ("shards", "shard", "gpu_memory_gib", "gpus", "priority"):
            jobs.drop_column(name)
    for name in (
        "workers",
        "review_drafts",
        "label_claims",
        "idempotent_requests",
        "audit_events",
        "sign_ins",
        "tokens",
        "users",
    ):
        op.drop_table(name)
