"""Revisions, object versions, acknowledgements and device states."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "revisions",
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("author", sa.String(200), nullable=False),
        sa.Column("message", sa.Text(), nullable=False),
        sa.Column("created_at", sa.Float(), nullable=False),
        sa.Column("changes", sa.JSON(), nullable=False),
        sa.Column("allocations", sa.JSON(), nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.PrimaryKeyConstraint("number", name="pk_revisions"),
    )
    op.create_table(
        "object_versions",
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("key", sa.String(300), nullable=False),
        sa.Column("kind", sa.String(50), nullable=False),
        sa.Column("tenant", sa.String(100), nullable=False),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("file", sa.Text(), nullable=False),
        sa.Column("line", sa.Integer(), nullable=False),
        sa.Column("source", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(
            ["revision"], ["revisions.number"], name="fk_object_versions_revision"
        ),
        sa.PrimaryKeyConstraint("revision", "key", name="pk_object_versions"),
    )
    op.create_index("ix_object_versions_key_revision", "object_versions", ["key", "revision"])
    op.create_table(
        "acknowledged",
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("seconds", sa.Float(), nullable=False),
        sa.ForeignKeyConstraint(
            ["revision"], ["revisions.number"], name="fk_acknowledged_revision"
        ),
        sa.PrimaryKeyConstraint("revision", name="pk_acknowledged"),
    )
    op.create_table(
        "device_status",
        sa.Column("device", sa.String(200), nullable=False),
        sa.Column("type", sa.String(200), nullable=False),
        sa.Column("version", sa.String(64), nullable=False),
        sa.Column("state", sa.String(20), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("at", sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint("device", "type", name="pk_device_status"),
    )


def downgrade() -> None:
    op.drop_table("device_status")
    op.drop_table("acknowledged")
    op.drop_index("ix_object_versions_key_revision", table_name="object_versions")
    op.drop_table("object_versions")
    op.drop_table("revisions")
