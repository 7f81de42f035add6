"""Operations of OVSDB transactions (RFC 7047, section 5.2)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

Operation = dict[str, Any]
Where = list[list[Any]]  # conditions, all of which hold


def insert(table: str, name: str, row: Mapping[str, Any]) -> Operation:
    """Return the insertion of a row, which the rest of the transaction knows by this name."""
    return {"op": "insert", "table": table, "uuid-name": name, "row": dict(row)}


def update(table: str, where: Where, row: Mapping[str, Any]) -> Operation:
    """Return the change of columns of the rows that are meant."""
    return {"op": "update", "table": table, "where": where, "row": dict(row)}


def mutate(table: str, where: Where, column: str, mutator: str, value: Any) -> Operation:
    """Return a change of a column that leaves the rest of it as it is."""
    mutations = [[column, mutator, value]]
    return {"op": "mutate", "table": table, "where": where, "mutations": mutations}


def delete(table: str, uuid: str) -> Operation:
    """Return the deletion of a row."""
    return {"op": "delete", "table": table, "where": row_of(uuid)}


def row_of(uuid: str) -> Where:
    """Return the condition that one row is meant."""
    return [["_uuid", "==", ["uuid", uuid]]]


def map_column(pairs: Mapping[str, str]) -> list[Any]:
    """Return a column's value of texts by texts."""
    return ["map", [[key, value] for key, value in sorted(pairs.items())]]
