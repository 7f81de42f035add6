"""Plan to fabric: a model of each switch, and its dialects."""

from translators.fabric.explain import explain
from translators.fabric.model import FabricError, SwitchModel, switch_model
from translators.fabric.translate import SwitchText, translate

__all__ = ["FabricError", "SwitchModel", "SwitchText", "explain", "switch_model", "translate"]
