from typing import Any

import pytest

from translators.envoy.encode import encode
from translators.envoy.from_json import from_json
from translators.envoy.to_json import to_json

API = "type.googleapis.com/envoy."
CLUSTER = API + "config.cluster.v3.Cluster"


def test_names_with_digits_and_camel_case_are_read() -> None:
    detection = {"consecutive_5xx": 3, "enforcingConsecutive5xx": 50, "baseEjectionTime": "1.5s"}
    message, wrong = from_json({"@type": CLUSTER, "name": "a", "outlierDetection": detection})
    assert wrong == ()
    assert message is not None
    assert to_json(message)["outlier_detection"] == {
        "consecutive_5xx": 3,
        "base_ejection_time": "1.5s",
        "enforcing_consecutive_5xx": 50,
    }
    assert encode(message) == bytes(message)


def test_an_extension_whose_module_nobody_imported_is_read() -> None:
    gzip = {"@type": API + "extensions.compression.gzip.compressor.v3.Gzip", "window_bits": 12}
    value = {"@type": CLUSTER, "typed_extension_protocol_options": {"x": gzip}}
    message, wrong = from_json(value)
    assert wrong == ()
    assert message is not None
    assert to_json(message)["typed_extension_protocol_options"] == {"x": gzip}


def test_structs_hold_any_json() -> None:
    held = {"a": [1, 2.5, True, None, "x", {"b": {}}]}
    message, wrong = from_json({"@type": CLUSTER, "metadata": {"filter_metadata": {"n": held}}})
    assert wrong == ()
    assert message is not None
    assert to_json(message) == {"metadata": {"filter_metadata": {"n": held}}}


@pytest.mark.parametrize(
    ("fields", "code", "path"),
    [
        ({"nam": "a"}, "FS6002", ("nam",)),
        ({"outlier_detection": {"consecutive_6xx": 1}}, "FS6002", None),
        ({"type": "EDDS"}, "FS6003", ("type",)),
        ({"metadata": []}, "FS6003", ("metadata",)),
        ({"metadata": {"filter_metadata": {"a": 1}}}, "FS6003", None),
        ({"transport_socket_matches": {}}, "FS6003", ("transport_socket_matches",)),
        ({"typed_extension_protocol_options": []}, "FS6003", None),
        ({"typed_extension_protocol_options": {"a": {}}}, "FS6001", None),
        ({"type": "EDS", "cluster_type": {"name": "x"}}, "FS6003", ("cluster_type",)),
    ],
)
def test_refusals(fields: dict[str, Any], code: str, path: tuple[str, ...] | None) -> None:
    message, wrong = from_json({"@type": CLUSTER, **fields})
    assert message is None
    assert [w.code for w in wrong] == [code], wrong
    assert path is None or wrong[0].path == path


def test_every_error_is_found_at_once() -> None:
    wrong = from_json({"@type": CLUSTER, "nam": 1, "type": "X", "connect_timeout": 5})[1]
    assert [w.path for w in wrong] == [("nam",), ("type",), ("connect_timeout",)]
    assert "did you mean name?" in wrong[0].mend


@pytest.mark.parametrize("value", [{}, [], "x", {"@type": 5}, {"@type": "x"}])
def test_what_has_no_known_type_is_refused(value: Any) -> None:
    message, wrong = from_json(value)
    assert message is None
    assert wrong[0].code == "FS6001"
