"""Both texts of a switch, out of one model."""

import pytest

from tests.plans import shop_plan
from translators.fabric import FabricError, translate
from translators.fabric.frr import render as render_frr
from translators.fabric.links import render as render_links
from translators.fabric.model import switch_model


@pytest.mark.parametrize("name", [s.name for s in shop_plan().switches])
def test_a_switch_has_both_texts_of_its_model(name: str) -> None:
    text, model = translate(shop_plan(), name), switch_model(shop_plan(), name)
    assert (text.frr, text.links) == (render_frr(model), render_links(model))
    assert text == translate(shop_plan(), name)


def test_an_unknown_switch_is_refused() -> None:
    with pytest.raises(FabricError):
        translate(shop_plan(), "leaf9")
