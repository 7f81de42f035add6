from translators.plan.raw import line_at, pointer


def test_a_pointer_escapes_what_would_divide_it() -> None:
    assert pointer(()) == ""
    assert pointer(("a/b", 0, "c~d")) == "/a~1b/0/c~0d"


def test_a_line_is_that_of_the_longest_part_that_was_written() -> None:
    lines = (("/a", 3), ("/a/0/b", 5))
    assert line_at(lines, ("a", 0, "b", "c"), 1) == 5
    assert line_at(lines, ("a", 1), 1) == 3
    assert line_at(lines, ("z",), 1) == 1
