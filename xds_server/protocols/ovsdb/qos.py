"""What ports have of QoS and queues, read from the rows of a database."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from xds_server.protocols.ovsdb.columns import map_of, text_of, uuids_of

OURS = "fsdn"  # key in external_ids of what this program has made
RULE, DSCP = "fsdn-rule", "fsdn-dscp"  # of a queue: the rule behind it, and its packets' mark
CLASSES, TROUBLE = "fsdn-classes", "fsdn-trouble"  # of a QoS, written by the host's agent
Rows = Mapping[str, Mapping[str, Any]]  # by uuid


@dataclass(frozen=True, slots=True)
class Queue:
    """One row of Queue; ``config`` is its other_config, in bits and bits a second."""

    uuid: str
    config: Mapping[str, str] = field(default_factory=dict)
    external_ids: Mapping[str, str] = field(default_factory=dict)

    @property
    def ours(self) -> bool:
        """Whether this program has made it."""
        return OURS in self.external_ids


@dataclass(frozen=True, slots=True)
class Qos:
    """One row of QoS at a port, with its queues by number."""

    port: str
    uuid: str
    kind: str
    config: Mapping[str, str] = field(default_factory=dict)
    external_ids: Mapping[str, str] = field(default_factory=dict)
    queues: Mapping[int, Queue] = field(default_factory=dict)

    @property
    def ours(self) -> bool:
        """Whether this program has made it."""
        return OURS in self.external_ids


def qos_of(port: Mapping[str, Any], qos: Rows, queues: Rows) -> Qos | None:
    """Return what a row of Port has, None without any."""
    found = [uuid for uuid in uuids_of(port.get("qos")) if uuid in qos]
    if not found:
        return None
    row = qos[found[0]]
    numbered = _numbered(row)
    return Qos(
        text_of(port.get("name")),
        found[0],
        text_of(row.get("type")),
        map_of(row.get("other_config")),
        map_of(row.get("external_ids")),
        {n: _queue(uuid, queues[uuid]) for n, uuid in sorted(numbered) if uuid in queues},
    )


def strays(ports: Iterable[Mapping[str, Any]], qos: Rows, queues: Rows) -> tuple[str, ...]:
    """Return the uuids of our rows of QoS and Queue that no port has any more, sorted.

    Both tables are roots: what nobody refers to is not removed by the database.
    """
    if not qos and not queues:
        return ()
    used = {uuid for port in ports for uuid in uuids_of(port.get("qos"))}
    lost = {uuid for uuid, row in qos.items() if uuid not in used and _marked(row)}
    held = {u for uuid, row in qos.items() if uuid not in lost for _, u in _numbered(row)}
    left = {uuid for uuid, row in queues.items() if uuid not in held and _marked(row)}
    return tuple(sorted(lost | left))


def _queue(uuid: str, row: Mapping[str, Any]) -> Queue:
    return Queue(uuid, map_of(row.get("other_config")), map_of(row.get("external_ids")))


def _marked(row: Mapping[str, Any]) -> bool:
    return OURS in map_of(row.get("external_ids"))


def _numbered(row: Mapping[str, Any]) -> Iterator[tuple[int, str]]:
    """Yield the uuids of a QoS's queues by their numbers."""
    value = row.get("queues")
    if not isinstance(value, list) or len(value) != 2 or value[0] != "map":
        return
    for pair in value[1] if isinstance(value[1], list) else ():
        if isinstance(pair, list) and len(pair) == 2 and isinstance(pair[0], int):
            yield from ((pair[0], uuid) for uuid in uuids_of(pair[1]))
