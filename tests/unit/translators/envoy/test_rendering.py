"""Resources as canonical YAML."""

from yaml import safe_load, safe_load_all

from tests.plans import shop_plan
from translators.envoy.proxy import translate
from translators.envoy.rendering import as_dict, block, render

VALUES = {
    "text": ["plain", "a/b.c-d", "true", "1", "", "a: b", "- x", "# x", "é", 'q"', "null", "1e3"],
    "numbers": [0, 1, 1.5, -3],
    "others": [True, False, None],
    "empty": {"list": [], "map": {}},
    "nested": [{"a": [{"b": 1, "c": [2]}]}, [3, [4]]],
    "odd key: #": {"true": 1, "a b": 2},
}


def test_block_yaml_reads_back() -> None:
    assert safe_load("\n".join(block(VALUES))) == VALUES


def test_every_resource_is_a_document_with_its_origin() -> None:
    resources = translate(shop_plan(), "host1")
    text = render(resources)
    documents = list(safe_load_all(text))
    assert documents == [as_dict(r.type_url, r.body) for r in resources]
    assert text.count("# shop.yaml:1\n") == len(resources)


def test_the_order_of_the_input_changes_nothing() -> None:
    resources = translate(shop_plan(), "host1")
    assert render(resources) == render(reversed(resources))
