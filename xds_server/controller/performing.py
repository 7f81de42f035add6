"""What reconciliation decided, done: each effect at the port that it is for."""

from __future__ import annotations

from dataclasses import dataclass

import structlog

from xds_server.controller.ledger import Ledger
from xds_server.controller.metering import Meter
from xds_server.controller.ports import Bridges, Databases, Proxies
from xds_server.controller.state import (
    DeclareHosts,
    Effect,
    PublishBridge,
    PublishProxy,
    Reached,
    Translate,
    WithdrawProxy,
)
from xds_server.controller.translations import Translations

_log = structlog.get_logger("fsdn.controller")


@dataclass(frozen=True, slots=True)
class Performer:
    """Does one effect after the other; none of them waits."""

    proxies: Proxies
    bridges: Bridges
    databases: Databases
    ledger: Ledger
    meter: Meter
    translations: Translations

    def perform(self, effect: Effect) -> None:
        """Do what an effect says."""
        match effect:
            case PublishProxy(node=node, snapshot=snapshot):
                self.proxies.publish(node, snapshot)
            case WithdrawProxy(node=node):
                self.proxies.withdraw(node)
            case PublishBridge(datapath_id=number, program=program):
                self.bridges.publish(number, program)
            case DeclareHosts(hosts=hosts, tunnels=tunnels, queues=queues):
                self.bridges.set_hosts(hosts)
                self.databases.set_hosts(hosts, tunnels, queues)
            case Reached(revision=revision, seconds=seconds):
                self.ledger.reached(revision, seconds)
                self.meter.acknowledged(seconds)
                _log.info("acknowledged", revision=revision, seconds=round(seconds, 3))
            case Translate():
                self.translations.add(effect)
