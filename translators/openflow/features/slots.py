"""Bucket weights as a bridge can carry them: by hash values, of which a group has at most 256.

Open vSwitch gives each bucket a share of a power of two of hash values, at least one. With weights
that would need more than 256 of them it leaves the method, without an error, and sends everything
that comes from one MAC address to one endpoint.
"""

from __future__ import annotations

from collections.abc import Sequence

SLOTS = 256  # Open vSwitch: MAX_SELECT_GROUP_HASH_VALUES


def slotted(weights: Sequence[int]) -> tuple[int, ...]:
    """Return weights, all above 0, whose sum is at most 256 times the least of them.

    Those that fit are returned as they are; otherwise the least become 1, and the others as near
    to their share as whole numbers are.
    """
    if not weights or sum(weights) <= SLOTS * min(weights):
        return tuple(weights)
    free, total = max(SLOTS - len(weights), 0), sum(weights)
    return tuple(max(1, weight * free // total) for weight in weights)


def repeated(weights: Sequence[int]) -> tuple[int, ...]:
    """Return how many buckets each has where all buckets weigh the same, at most 256 if they can.

    A group that goes by a hash of fields multiplies scores with weights, which is no share.
    """
    total = sum(weights)
    if total <= max(SLOTS, len(weights)):
        return tuple(weights)
    free = max(SLOTS - len(weights), 0)
    return tuple(max(1, weight * free // total) for weight in weights)
