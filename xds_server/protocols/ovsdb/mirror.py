"""A copy of the few database columns that we watch, and the bridges that they describe."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from xds_server.protocols.ovsdb.json_stream import OvsdbProtocolError

WATCHED: Mapping[str, tuple[str, ...]] = {
    "Bridge": ("controller", "datapath_id", "fail_mode", "name", "ports", "protocols"),
    "Controller": ("external_ids", "is_connected", "target"),
    "Interface": ("error", "external_ids", "name", "ofport", "options", "type"),
    "Manager": ("is_connected", "target"),
    "Open_vSwitch": ("manager_options", "other_config", "ovs_version"),
    "Port": ("interfaces", "name"),
}
OURS = "fsdn"  # key in external_ids of what this program has made
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
        identity = _text(row.get("datapath_id"))
        if not identity:
            return None
        try:
            datapath_id = int(identity, 16)
        except ValueError as error:
            raise OvsdbProtocolError(f"{identity!r} is not a datapath id") from error
        controllers = list(self._linked("Controller", row, "controller"))
        ours = (c for c in controllers if OURS in _map(c.get("external_ids")))
        return Bridge(
            _text(row.get("name")),
            datapath_id,
            _text(row.get("fail_mode")),
            _targets(controllers),
            tuple(sorted(self._interfaces(row), key=lambda i: i.name)),
            self.version(),
            tuple(sorted(t for t in _set(row.get("protocols")) if isinstance(t, str))),
            _targets(ours),
            self.managers(),
            _map(self._vswitch().get("other_config")).get(RESTORE_WAIT) == "true",
        )

    def version(self) -> str:
        """Return the version of Open vSwitch, such as 3.1.0."""
        return _text(self._vswitch().get("ovs_version"))

    def managers(self) -> tuple[str, ...]:
        """Return the targets of the database's managers, and which of them are not connected."""
        rows = self._linked("Manager", self._vswitch(), "manager_options")
        found = ((_text(row.get("target")), row.get("is_connected")) for row in rows)
        return tuple(sorted(t if here is not False else f"{t} (away)" for t, here in found))

    def _vswitch(self) -> Mapping[str, Any]:
        return next(iter(self.tables.get("Open_vSwitch", {}).values()), {})

    def _interfaces(self, bridge: Mapping[str, Any]) -> Iterator[Interface]:
        for port in self._linked("Port", bridge, "ports"):
            for row in self._linked("Interface", port, "interfaces"):
                numbers = [n for n in _set(row.get("ofport")) if isinstance(n, int) and n > 0]
                yield Interface(
                    _text(row.get("name")),
                    _text(row.get("type")),
                    numbers[0] if numbers else 0,
                    _map(row.get("external_ids")),
                    _text(row.get("error")),
                    _map(row.get("options")),
                )

    def _linked(self, table: str, row: Mapping[str, Any], column: str) -> Iterator[dict[str, Any]]:
        rows = self.tables.get(table, {})
        for uuid in _set(row.get(column)):
            if _is_pair(uuid, "uuid") and isinstance(uuid[1], str) and uuid[1] in rows:
                yield rows[uuid[1]]


def _targets(controllers: Iterable[Mapping[str, Any]]) -> tuple[str, ...]:
    return tuple(sorted(_text(row.get("target")) for row in controllers))


def _items(value: object, what: str) -> list[tuple[str, Any]]:
    if not isinstance(value, dict):
        raise OvsdbProtocolError(f"{what} should be a JSON object")
    return list(value.items())


def _is_pair(value: object, tag: str) -> bool:
    return isinstance(value, list) and len(value) == 2 and value[0] == tag


def _set(value: Any) -> list[Any]:
    """Return a column's values: RFC 7047 writes a set of one as the bare value (section 5.1)."""
    if _is_pair(value, "set"):
        return value[1] if isinstance(value[1], list) else []
    return [] if value is None else [value]


def _text(value: Any) -> str:
    return next((one for one in _set(value) if isinstance(one, str)), "")


def _map(value: Any) -> dict[str, str]:
    if not _is_pair(value, "map") or not isinstance(value[1], list):
        return {}
    pairs = [pair for pair in value[1] if isinstance(pair, list) and len(pair) == 2]
    return dict(sorted((str(key), str(text)) for key, text in pairs))
