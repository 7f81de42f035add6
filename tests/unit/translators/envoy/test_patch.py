import json
from typing import Any

import pytest

from tests.plans import shop_plan
from translators.envoy.patch import merge, patch_findings, patched
from translators.envoy.proxies import translated
from translators.envoy.rendering import as_dict
from translators.envoy.resources import CLUSTER
from translators.plan.model import Origin, RawPatch

OWN = translated(shop_plan()).compiled("host1")
FIRST = next(r for r in OWN if r.type_url == CLUSTER)


def patch(value: Any, target: str = "*", operation: str = "merge") -> RawPatch:
    body = "" if value is None else json.dumps(value)
    lines = (("", 3), ("/name", 8), ("/outlier_detection", 9))
    origin = Origin("patch.yaml", 1)
    return RawPatch("x", ("host1",), "Cluster", target, operation, body, origin, lines)


def findings(*patches: RawPatch) -> list[tuple[str, int]]:
    found = patch_findings([("host1", OWN)], patches)
    return [(d.code, d.line) for d in found]


def test_a_merge_changes_what_it_names_and_keeps_the_origin() -> None:
    value = {"outlierDetection": {"consecutive5xx": 5}, "connectTimeout": None}
    new = patched("host1", OWN, [patch(value, FIRST.name)])
    got = next(r for r in new if (r.type_url, r.name) == (CLUSTER, FIRST.name))
    before = as_dict(CLUSTER, FIRST.body)
    del before["connect_timeout"]
    assert as_dict(CLUSTER, got.body) == before | {"outlier_detection": {"consecutive_5xx": 5}}
    assert got.origin == f"{FIRST.origin}, patched by patch.yaml:1"
    assert [r for r in new if r != got] == [r for r in OWN if r != FIRST]


def test_a_replacement_keeps_type_and_name() -> None:
    new = patched("host1", OWN, [patch({"type": "STATIC"}, FIRST.name, "replace")])
    got = next(r for r in new if (r.type_url, r.name) == (CLUSTER, FIRST.name))
    assert as_dict(CLUSTER, got.body) == {"@type": CLUSTER, "name": FIRST.name, "type": "STATIC"}


def test_a_removal_takes_every_match_away() -> None:
    new = patched("host1", OWN, [patch(None, operation="remove")])
    assert new == tuple(r for r in OWN if r.type_url != CLUSTER)


def test_another_host_is_left_alone() -> None:
    assert patched("host2", OWN, [patch(None, operation="remove")]) == OWN


def test_what_patches_cannot_do_is_said_at_its_line() -> None:
    assert findings(patch({"name": "other"}, FIRST.name)) == [("FS6006", 8)]
    assert findings(patch({"@type": "x"}, FIRST.name)) == [("FS6006", 3)]
    assert findings(patch({"outlier_detection": {"x": 1}})) == [("FS6002", 9)]
    assert findings(patch({"outlier_detection": {}}, "nothing*")) == [("FS6005", 3)]
    assert findings(patch({"outlier_detection": {}})) == []


def test_a_patch_sees_what_those_before_it_made() -> None:
    assert findings(patch(None, operation="remove"), patch({"x": 1})) == [("FS6005", 3)]


@pytest.mark.parametrize(
    ("target", "value", "result"),
    [  # RFC 7396, appendix A
        ({"a": "b"}, {"a": "c"}, {"a": "c"}),
        ({"a": "b"}, {"a": None}, {}),
        ({"a": ["b"]}, {"a": "c"}, {"a": "c"}),
        ({"a": {"b": "c"}}, {"a": {"b": "d", "c": None}}, {"a": {"b": "d"}}),
        ({"a": "foo"}, None, None),
        ({"e": None}, {"a": 1}, {"e": None, "a": 1}),
        ([1, 2], {"a": "b", "c": None}, {"a": "b"}),
        ({}, {"a": {"bb": {"ccc": None}}}, {"a": {"bb": {}}}),
        ({"a_b": 1}, {"aB": 2}, {"a_b": 2}),
    ],
)
def test_merging_is_that_of_the_rfc(target: Any, value: Any, result: Any) -> None:
    assert merge(target, value) == result
