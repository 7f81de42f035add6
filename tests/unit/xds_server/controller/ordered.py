"""A stand-in for bridges, which remembers what it was ordered."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from xds_server.protocols.openflow.orders import Order


@dataclass
class Bridges:
    """Stands for the listener with one bridge, that of ``host1``."""

    told: list[Order] = field(default_factory=list)

    def order(self, datapath_id: int, orders: Sequence[Order]) -> bool:
        assert datapath_id == 1
        self.told += orders
        return True
