"""A field is set where the author would write it, and nothing else changes."""

import pytest
from yaml import safe_load

from xds_server.cli.editing import with_field

BLOCK = """# who serves
kind: Workload
metadata: {name: a}
spec:
  segment: front  # the only one
  addresses: [10.10.0.1]
"""
FLOW = "kind: Workload\nspec: {segment: front, port: ä}\n"
LIST = "kind: Service\nspec:\n  drain:\n    - a\n    - b\n  selector: {app: x}\n"


@pytest.mark.parametrize("text", [BLOCK, FLOW, LIST, LIST.replace("  selector: {app: x}\n", "")])
@pytest.mark.parametrize("value", ["true", '["a", "c"]'])
def test_a_field_is_set_and_set_again(text: str, value: str) -> None:
    wanted = safe_load(text)
    for now in ("false", value):
        text = with_field(text, "drain", now)
        wanted["spec"]["drain"] = safe_load(now)
        assert safe_load(text) == wanted


def test_the_rest_stays_as_it_was_written() -> None:
    assert with_field(BLOCK, "drain", "true") == BLOCK.replace("spec:\n", "spec:\n  drain: true\n")
    assert with_field(FLOW, "drain", "true") == FLOW.replace("{seg", "{drain: true, seg")
