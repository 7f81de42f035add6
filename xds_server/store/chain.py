"""The hash chain that makes a changed or missing revision evident."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence

from xds_server.controller.values import ObjectChange

GENESIS = "0" * 64


def link(
    before: str, number: int, author: str, message: str, at: float, changes: Sequence[ObjectChange]
) -> str:
    """Return the SHA-256 (hex) over a revision's content and the digest before it."""
    content = [before, number, author, message, at, [_entry(change) for change in changes]]
    text = json.dumps(content, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def _entry(change: ObjectChange) -> list[str | int]:
    kept = change.object
    return [str(change.change), kept.key, kept.file, kept.line, kept.source]
