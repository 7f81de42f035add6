from collections.abc import Iterator

from translators.openflow.each import Each, Reads
from translators.openflow.flow import Flow
from translators.openflow.tables import Table


def _make(number: int) -> Iterator[Flow]:
    yield Flow(Table.SPOOF, number, (), number)


def _renewed(before: Each, *names: str, **numbers: int) -> Each:
    def reads(name: str) -> Reads | None:
        return (numbers[name],) if name in numbers else None

    return before.renewed(names or tuple(numbers), reads, _make)


def _priorities(found: Each) -> list[int]:
    return sorted(item.priority for item in found.items if isinstance(item, Flow))


def test_what_is_made_from_the_same_is_the_same_part() -> None:
    first = _renewed(Each("key"), a=1, b=2)
    assert _priorities(first) == [1, 2]
    assert _renewed(first, a=1, b=2) is first
    second = _renewed(first, a=1, b=3)
    assert second.rows["a"][1] is first.rows["a"][1]
    assert (second.come, second.gone) == ((second.rows["b"][1],), (first.rows["b"][1],))
    assert second.follows is first.token


def test_names_that_nobody_asks_for_stay_as_they_are() -> None:
    first = _renewed(Each("key"), a=1, b=2)
    second = _renewed(first, "b", "c", c=3)
    assert _priorities(second) == [1, 3]
    assert set(second.parts) == {first.rows["a"][1], second.rows["c"][1]}
