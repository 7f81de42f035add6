import pytest

from translators.policy.yaml_tree import chunks, read, resolve


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("", None),
        ("~", None),
        ("true", True),
        ("False", False),
        ("yes", "yes"),
        ("off", "off"),
        ("0123", 123),
        ("0x1F", 31),
        ("0o17", 15),
        ("-5", -5),
        ("1.5", 1.5),
        ("1e3", 1000.0),
        ("10:20:30", "10:20:30"),
        ("02:00:00:00:01:01", "02:00:00:00:01:01"),
        ("2026-01-01", "2026-01-01"),
        ("1_000", "1_000"),
        ("9" * 30, float("9" * 30)),
    ],
)
def test_plain_scalars_follow_the_core_schema(text: str, value: object) -> None:
    got = resolve(text)
    assert got == value
    assert type(got) is type(value)


def test_lines_of_keys_and_items() -> None:
    tree = read("a:\n  - x\n  - {b: 1,\n     c: 2}\n'd': e\n", "f", 10)
    assert tree.value == {"a": ["x", {"b": 1, "c": 2}], "d": "e"}
    assert tree.lines == {
        ("a",): 10,
        ("a", 0): 11,
        ("a", 1): 12,
        ("a", 1, "b"): 12,
        ("a", 1, "c"): 13,
        ("d",): 14,
    }


def test_quoted_numbers_stay_text() -> None:
    assert read("{a: '1', b: \"true\", c: |\n  2\n}", "f", 1).diagnostics
    assert read("a: '1'\nb: \"true\"\nc: |-\n  2\n", "f", 1).value == {
        "a": "1",
        "b": "true",
        "c": "2",
    }


def test_every_duplicate_anchor_alias_and_tag_is_reported() -> None:
    tree = read("a: &x 1\na: *x\nb: !!int 2\nb: !t 3\n", "f", 1)
    assert [(d.line, d.code) for d in tree.diagnostics] == [
        (1, "FS1004"),
        (2, "FS1002"),
        (2, "FS1004"),
        (3, "FS1005"),
        (4, "FS1002"),
        (4, "FS1005"),
    ]


def test_the_first_of_two_equal_keys_stays() -> None:
    assert read("a: 1\na: {b: 2}\nc: 3\n", "f", 1).value == {"a": 1, "c": 3}


@pytest.mark.parametrize("text", ["? [a]\n: b\n", "? {a: b}\n: c\n", "? *x\n: c\n"])
def test_a_key_must_be_text(text: str) -> None:
    tree = read(text, "f", 1)
    assert tree.value is None
    assert "FS1001" in [d.code for d in tree.diagnostics]


def test_a_key_that_is_no_text_is_told_once_with_the_aliases_in_it() -> None:
    tree = read("? {*x : {*y : 1}}\n: c\n", "f", 1)
    assert [d.code for d in tree.diagnostics] == ["FS1001", "FS1004"]


def test_depth_and_number_of_values_have_limits() -> None:
    assert read("[" * 64 + "]" * 64, "f", 1).diagnostics == ()
    assert [d.code for d in read("[" * 65 + "]" * 65, "f", 1).diagnostics] == ["FS1007"]
    assert read("[" + "0," * 99_999 + "]", "f", 1).diagnostics == ()
    assert [d.code for d in read("[" + "0," * 100_000 + "]", "f", 1).diagnostics] == ["FS1008"]


def test_chunks_know_their_first_line() -> None:
    assert list(chunks("a\n---\nb\n--- c\n...\nd")) == [
        (0, "a\n", False),
        (1, "---\nb\n", True),
        (3, "--- c\n", True),
        (4, "\nd", False),
    ]
    assert [c[1] for c in chunks("---x\n----\n ---\n")] == ["---x\n----\n ---\n"]
