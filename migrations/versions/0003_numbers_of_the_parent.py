"""Numbers given out are stored with a revision only where they differ from its parent's.

JSON's null stands for those of the parent. The schema stays the same; before it, each revision
held all.
"""

from __future__ import annotations

from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

_WRITE_OUT = """
UPDATE revisions SET allocations = COALESCE((
    SELECT earlier.allocations FROM revisions AS earlier
    WHERE earlier.number < revisions.number
      AND CAST(earlier.allocations AS VARCHAR) <> 'null'
    ORDER BY earlier.number DESC LIMIT 1
), '{}')
WHERE CAST(allocations AS VARCHAR) = 'null'
"""


def upgrade() -> None:
    """Do nothing: what an earlier version stored is read as it is."""


def downgrade() -> None:
    op.execute(_WRITE_OUT)
