from translators.openflow.flow import Bucket, Flow, Group
from translators.openflow.part import Memory, Part

FLOW = Flow(1, 2, (), 3)


def test_a_part_is_encoded_once() -> None:
    part = Part((FLOW, Group(7, (Bucket(1, ()),))))
    assert part.entries is part.entries
    assert [place for place, _ in part.entries] == [(1, 2, b""), ("group", 7)]


def test_parts_are_told_apart_by_identity() -> None:
    assert Part((FLOW,)) != Part((FLOW,))


def test_what_was_made_from_the_same_is_made_once() -> None:
    first = Memory()
    first.turn("a")
    made = first.recall("key", (1, "x"), object)
    second = Memory(first.made)
    second.turn("a")
    assert second.recall("key", (1, "x"), object) is made
    assert second.recall("key", (2, "x"), object) is not made
    assert Memory(first.made).recall("key", (1, "x"), object) is not made  # another feature's


def test_what_is_asked_for_anew_is_made_again() -> None:
    first = Memory()
    made = first.recall("key", (), object)
    assert Memory(first.made).recall("key", (), object, anew=True) is not made


def test_what_nobody_asks_for_is_forgotten_unless_the_feature_is_kept() -> None:
    first = Memory()
    first.turn("a")
    made = first.recall("key", (), object)
    second, third = Memory(first.made), Memory(first.made)
    second.turn("a")
    third.keep("a")
    for memory, known in ((second, False), (third, True)):
        memory.close()
        later = Memory(memory.made)
        later.turn("a")
        assert (later.recall("key", (), object) is made) is known


def test_what_is_worked_out_once_is_worked_out_again_after_the_end() -> None:
    memory, made = Memory(), list[int]()

    def make() -> int:
        made.append(1)
        return len(made)

    assert memory.once("key", make) == memory.once("key", make) == 1
    memory.close()
    assert memory.once("key", make) == 2
