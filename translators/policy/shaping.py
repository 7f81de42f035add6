"""The shape of a rule: a rate and a mark for what it allows."""

from __future__ import annotations

from pydantic import model_validator

from translators.policy.scalars import Burst, Dscp, Rate, wrong
from translators.policy.shape import Shape


class Shaping(Shape):
    """Bits, not requests: bridges limit and mark the connections of the rule."""

    rate: Rate | None = None
    """Most bits per second, for each direction, that all connections of the rule from workloads of
    one host may have together, such as ``100Mbps``; what is more is dropped. Left out, no limit."""
    burst: Burst | None = None
    """Bits beyond the rate that may come at once, such as ``10Mb``; left out, what the rate carries
    in a tenth of a second, and at least 120kb."""
    dscp: Dscp | None = None
    """Differentiated services code point that packets of both directions get: 0 to 63, or a name
    such as ``af21``, ``cs5`` or ``ef``; left out, they keep their own."""
    queue: bool = False
    """Whether what is more than the rate waits in a queue, rather than being dropped: at the port
    of the workload that it is for, each of which gets the rate by itself. What leaves for networks
    outside has no queue, and is limited as without."""

    @model_validator(mode="after")
    def _possible(self) -> Shaping:
        if self.rate is None and self.dscp is None:
            raise wrong("neither rate nor dscp is given", "add one of them", "FS1011")
        if self.burst is not None and self.rate is None:
            raise wrong("a burst needs a rate", "add rate", "FS1011", "burst")
        if self.queue and self.rate is None:
            raise wrong("a queue needs a rate", "add rate, or remove queue", "FS1011", "queue")
        return self
