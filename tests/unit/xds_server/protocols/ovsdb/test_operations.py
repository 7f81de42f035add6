"""Operations as RFC 7047 writes them."""

from xds_server.protocols.ovsdb.operations import (
    delete,
    insert,
    map_column,
    mutate,
    row_of,
    update,
)


def test_operations_are_spelt_as_the_protocol_asks() -> None:
    where = [["_uuid", "==", ["uuid", "u"]]]
    assert row_of("u") == where
    assert insert("QoS", "q", {"type": "x"}) == {
        "op": "insert",
        "table": "QoS",
        "uuid-name": "q",
        "row": {"type": "x"},
    }
    assert update("QoS", where, {"type": "x"})["row"] == {"type": "x"}
    assert delete("QoS", "u") == {"op": "delete", "table": "QoS", "where": where}
    changed = mutate("QoS", where, "queues", "delete", ["set", [1]])
    assert changed["mutations"] == [["queues", "delete", ["set", [1]]]]
    assert map_column({"b": "2", "a": "1"}) == ["map", [["a", "1"], ["b", "2"]]]
