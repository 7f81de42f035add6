from pathlib import Path

import pytest

from translators.policy.load import load

EXAMPLES = sorted((Path(__file__).parents[4] / "examples" / "shop").glob("*.yaml"))
TENANT = "apiVersion: fsdn/v1\nkind: Tenant\nmetadata: {name: shop}\nspec: {default: deny}\n"


def codes(text: str) -> list[str]:
    return [d.code for d in load(text, "f").diagnostics]


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda p: p.stem)
def test_a_stored_document_loads_again_with_its_lines(path: Path) -> None:
    loaded = load(path.read_text(), str(path))
    assert loaded.documents
    assert loaded.diagnostics == ()
    for document in loaded.documents:
        again = load(document.source, document.origin.file, document.origin.line)
        assert again.documents == (document,)
        assert again.documents[0].lines == document.lines
        assert again.documents[0].model == document.model


def test_keys_and_lines_of_a_document() -> None:
    text = "# who\n" + TENANT + "---\n# where\n" + TENANT.replace("shop", "rival")
    shop, rival = load(text, "f").documents
    assert (shop.key, str(shop.origin)) == ("tenant/shop", "f:2")
    assert (rival.key, str(rival.origin)) == ("tenant/rival", "f:8")
    assert rival.line("spec", "default") == 11
    assert rival.line("spec", "nothing", 3) == 11
    assert rival.line("nowhere") == 8


def test_first_line_moves_every_line() -> None:
    found = load("apiVersion: fsdn/v1\nkind: Tenat\n", "f", 100).diagnostics
    assert [(d.line, d.code) for d in found] == [(101, "FS1010")]


def test_an_error_in_one_document_hides_nothing_in_the_next() -> None:
    text = f"a: [1\n---\n{TENANT}---\nkind: Polcy\n--- {{kind: Gateway}}\n"
    loaded = load(text, "f")
    assert [d.key for d in loaded.documents] == ["tenant/shop"]
    assert [d.code for d in loaded.diagnostics] == ["FS1001", "FS1010", "FS1013"]
    assert "did you mean Policy?" in str(loaded.diagnostics[1])


def test_a_marker_ends_a_document_even_inside_a_scalar() -> None:
    loaded = load(f"a: |\n  text\n---\n{TENANT}...\n", "f")
    assert [d.key for d in loaded.documents] == ["tenant/shop"]


@pytest.mark.parametrize("text", ["", "# only a comment\n", "\n\n", "---\n", f"{TENANT}---\n"])
def test_nothing_is_an_error(text: str) -> None:
    assert codes(text) == ["FS1006"]


def test_line_ends_of_other_systems_and_byte_order_mark() -> None:
    loaded = load("\ufeff" + TENANT.replace("\n", "\r\n"), "f")
    assert [d.key for d in loaded.documents] == ["tenant/shop"]
    assert "\r" not in loaded.documents[0].source


@pytest.mark.parametrize("char", ["\x00", "\x1b", "\x7f", "\x85", "\u2028", "\ufffe", "\ud800"])
def test_control_characters_are_named(char: str) -> None:
    (found,) = load(TENANT.replace("deny", f"de{char}ny"), "f").diagnostics
    assert (found.code, found.line) == ("FS1009", 4)
    assert f"U+{ord(char):04X}" in found.message


@pytest.mark.parametrize(
    "text",
    [
        "[" * 20_000,
        "- " * 20_000,
        "{a: " * 20_000,
        "".join(" " * n + "a:\n" for n in range(300)),
        "a: &a [x]\n" + "".join(f"b{n}: &b{n} [*a, *a]\n" for n in range(200)),
        "'" * 5_001,
        "? " * 5_000,
        '"\\x"',
        '"\\U00110000"',
        "a: " + "9" * 5_000,
        "%TAG ! tag:x,2000:\n---\na: 1",
        "x" * 10_000_001,
        "--- a\n" * 20_001,
        "a: 'b\n" + "c\n" * 200_000,
        "# c\n" * 400_000,
    ],
)
def test_hostile_text_is_refused(text: str) -> None:
    loaded = load(text, "f")  # where it is not bounded this does not end within a test run
    assert loaded.documents == ()
    assert loaded.diagnostics
