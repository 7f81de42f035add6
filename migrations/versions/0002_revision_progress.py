"""How far each revision came on each device."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "revision_progress",
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("device", sa.String(200), nullable=False),
        sa.Column("reach", sa.String(20), nullable=False),
        sa.Column("seconds", sa.Float(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("origin", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["revision"], ["revisions.number"], name="fk_revision_progress_revision"
        ),
        sa.PrimaryKeyConstraint("revision", "device", name="pk_revision_progress"),
    )


def downgrade() -> None:
    op.drop_table("revision_progress")
