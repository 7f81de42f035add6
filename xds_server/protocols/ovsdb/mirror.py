"""A copy of the few database columns that we watch, and the bridges that they describe."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from xds_server.protocols.ovsdb.columns import map_of, set_of, text_of, uuids_of
from xds_server.protocols.ovsdb.json_stream import OvsdbProtocolError
from xds_server.protocols.ovsdb.qos import OURS, Qos, qos_of, strays

WATCHED: Mapping[str, tuple[str, ...]] = {
    "Bridge": (
        "controller",
        "datapath_id",
        "datapath_type",
        "fail_mode",
        "name",
        "ports",
        "protocols",
    ),
    "Controller": ("external_ids", "is_connected", "target"),
    "Interface": ("error", "external_ids", "name", "ofport", "options", "type"),
    "Manager": ("is_connected", "target"),
    "Open_vSwitch": ("manager_options", "other_config", "ovs_version"),
    "Port": ("interfaces", "name", "qos"),
    "QoS": ("external_ids", "other_config", "queues", "type"),
    "Queue": ("external_ids", "other_config"),
}
RESTORE_WAIT = "flow-restore-wait"
_MOST_ROWS = 200_000


@dataclass(frozen=True, slots=True)
class Interface:
    """One interface; ``ofport`` is 0 until the vswitch has opened it, ``error`` says why not."""

    name: str
    kind: str
    ofport: int
    external_ids: Mapping[str, str]
    error: str
    options: Mapping[str, str] = field(default_factory=dict)
    port: str = ""  # that it belongs to; of one interface, unless it is a bond


@dataclass(frozen=True, slots=True)
class Bridge:
    """One bridge as its database describes it."""

    name: str
    datapath_id: int
    fail_mode: str  # "" when unset, which means standalone
    controllers: tuple[str, ...]  # targets, such as tcp:192.0.2.1:6653
    interfaces: tuple[Interface, ...]
    ovs_version: str
    protocols: tuple[str, ...] = ()  # OpenFlow versions that it offers; empty: all it knows
    ours: tuple[str, ...] = ()  # targets among the controllers that this program has set
    managers: tuple[str, ...] = ()  # of the whole database; one that is away has a note
    restoring: bool = False  # whether flow-restore-wait keeps the vswitch from its controllers
    datapath: str = ""  # type; "" is the kernel's, as is "system"
    qos: tuple[Qos, ...] = ()  # of its ports, sorted by their names
    strays: tuple[str, ...] = ()  # rows of QoS and Queue that are ours and of no port


def named_ports(bridge: Bridge) -> dict[str, str]:
    """Return by which other names interfaces go: ``iface-id=...`` to the interface's own name.

    Of several with one id, as in a migration, the first that the vswitch has opened counts.
    """
    found: dict[str, str] = {}
    for each in sorted(bridge.interfaces, key=lambda i: (not i.ofport, i.name)):
        if identity := each.external_ids.get("iface-id"):
            found.setdefault(f"iface-id={identity}", each.name)
    return found


@dataclass(slots=True)
class Mirror:
    """The watched tables, row by row."""

    tables: dict[str, dict[str, dict[str, Any]]] = field(default_factory=dict)

    def update(self, updates: object) -> None:
        """Take ``table-updates`` (RFC 7047 section 4.1.6).

        Raises OvsdbProtocolError when they are malformed or too many.
        """
        for table, rows in _items(updates, "table updates"):
            known = self.tables.setdefault(table, {})
            for uuid, change in _items(rows, f"rows of {table}"):
                self._row(known, uuid, dict(_items(change, "a row update")))
        if sum(map(len, self.tables.values())) > _MOST_ROWS:
            raise OvsdbProtocolError(f"the database has more than {_MOST_ROWS} rows")

    def _row(self, known: dict[str, dict[str, Any]], uuid: str, change: dict[str, Any]) -> None:
        if change.get("new") is None:
            known.pop(uuid, None)
        else:
            known[uuid] = dict(_items(change["new"], "a row"))

    def bridges(self) -> tuple[Bridge, ...]:
        """Return all bridges that have a datapath id already, sorted by it."""
        found = [self._bridge(row) for row in self.tables.get("Bridge", {}).values()]
        return tuple(sorted((b for b in found if b is not None), key=lambda b: b.datapath_id))

    def _bridge(self, row: Mapping[str, Any]) -> Bridge | None:
        identity = text_of(row.get("datapath_id"))
        if not identity:
            return None
        try:
            datapath_id = int(identity, 16)
        except ValueError as error:
            raise OvsdbProtocolError(f"{identity!r} is not a datapath id") from error
        controllers = list(self._linked("Controller", row, "controller"))
        ours = (c for c in controllers if OURS in map_of(c.get("external_ids")))
        return Bridge(
            text_of(row.get("name")),
            datapath_id,
            text_of(row.get("fail_mode")),
            _targets(controllers),
            tuple(sorted(self._interfaces(row), key=lambda i: i.name)),
            self.version(),
            tuple(sorted(t for t in set_of(row.get("protocols")) if isinstance(t, str))),
            _targets(ours),
            self.managers(),
            map_of(self._vswitch().get("other_config")).get(RESTORE_WAIT) == "true",
            text_of(row.get("datapath_type")),
            self._qos(row),
            strays(self._rows("Port").values(), self._rows("QoS"), self._rows("Queue")),
        )

    def version(self) -> str:
        """Return the version of Open vSwitch, such as 3.1.0."""
        return text_of(self._vswitch().get("ovs_version"))

    def managers(self) -> tuple[str, ...]:
        """Return the targets of the database's managers, and which of them are not connected."""
        rows = self._linked("Manager", self._vswitch(), "manager_options")
        found = ((text_of(row.get("target")), row.get("is_connected")) for row in rows)
        return tuple(sorted(t if here is not False else f"{t} (away)" for t, here in found))

    def _vswitch(self) -> Mapping[str, Any]:
        return next(iter(self.tables.get("Open_vSwitch", {}).values()), {})

    def _interfaces(self, bridge: Mapping[str, Any]) -> Iterator[Interface]:
        for port in self._linked("Port", bridge, "ports"):
            for row in self._linked("Interface", port, "interfaces"):
                numbers = [n for n in set_of(row.get("ofport")) if isinstance(n, int) and n > 0]
                yield Interface(
                    text_of(row.get("name")),
                    text_of(row.get("type")),
                    numbers[0] if numbers else 0,
                    map_of(row.get("external_ids")),
                    text_of(row.get("error")),
                    map_of(row.get("options")),
                    text_of(port.get("name")),
                )

    def _qos(self, bridge: Mapping[str, Any]) -> tuple[Qos, ...]:
        qos, queues = self._rows("QoS"), self._rows("Queue")
        found = (qos_of(port, qos, queues) for port in self._linked("Port", bridge, "ports"))
        return tuple(sorted((q for q in found if q is not None), key=lambda q: q.port))

    def _rows(self, table: str) -> dict[str, dict[str, Any]]:
        return self.tables.get(table, {})

    def _linked(self, table: str, row: Mapping[str, Any], column: str) -> Iterator[dict[str, Any]]:
        rows = self._rows(table)
        yield from (rows[uuid] for uuid in uuids_of(row.get(column)) if uuid in rows)


def _targets(controllers: Iterable[Mapping[str, Any]]) -> tuple[str, ...]:
    return tuple(sorted(text_of(row.get("target")) for row in controllers))


def _items(value: object, what: str) -> list[tuple[str, Any]]:
    if not isinstance(value, dict):
        raise OvsdbProtocolError(f"{what} should be a JSON object")
    return list(value.items())
