"""A field of an object's ``spec`` is set in its author's text; everything else stays as written."""

from __future__ import annotations

from yaml import MappingNode, Node, SafeLoader, ScalarNode, SequenceNode, compose


def with_field(text: str, name: str, value: str) -> str:
    """Return a document's text with a field of its spec set to a value in YAML's flow style."""
    root = compose(text, Loader=SafeLoader)
    spec = _field(root, "spec")
    assert spec is not None, "what the server holds has a spec"
    block = spec[1]
    assert isinstance(block, MappingNode)
    held = _field(block, name)
    if held is not None:
        return _replaced(text, *held, value)
    place = block.start_mark.index
    if block.flow_style:
        return f"{text[: place + 1]}{name}: {value}, {text[place + 1 :]}"
    indent = " " * block.start_mark.column
    return f"{text[:place]}{name}: {value}\n{indent}{text[place:]}"


def _field(node: Node | None, name: str) -> tuple[Node, Node] | None:
    assert isinstance(node, MappingNode)
    for key, value in node.value:
        if isinstance(key, ScalarNode) and key.value == name:
            return key, value
    return None


def _replaced(text: str, key: Node, held: Node, value: str) -> str:
    if isinstance(held, SequenceNode) and not held.flow_style:  # its end is the next field's place
        rest = " " * key.start_mark.column + text[held.end_mark.index :]
        return f"{text[: key.end_mark.index]}: {value}\n{rest}"
    return text[: held.start_mark.index] + value + text[held.end_mark.index :]
