from collections.abc import Sequence
from dataclasses import replace

import pytest

from tests.conversations.xds.responses import cluster
from xds_server.protocols.xds.quarantine import Item, Items, Quarantine, belonging


def offered(*names: str) -> Items:
    found = [cluster(name) for name in names]
    return {(r.name, r.version): r for r in found}


def search(it: Quarantine, lacking: Items, bad: set[str], words: str = "no") -> tuple[int, int]:
    """Play the client; return how many responses it took, and how many names were proven bad."""
    held: set[Item] = set()
    responses = proven = 0
    while chosen := it.choose([i for i in lacking if i not in held]):
        responses += 1
        items = {item: lacking[item] for item in chosen}
        if any(name in bad for name, _ in chosen):
            proven += len(it.refused(items, words))
        else:
            held |= items.keys()
            proven += len(it.accepted(items))
    assert {name for name, _ in held} == {name for name, _ in lacking} - bad
    return responses, proven


@pytest.mark.parametrize("count", [1, 2, 3, 5, 8, 64])
def test_one_bad_among_many(count: int) -> None:
    names = [f"c{n:02}" for n in range(count)]
    for bad in names:
        responses, proven = search(Quarantine(), offered(*names), {bad})
        assert proven == 1
        assert responses <= (count - 1).bit_length() + 2


def test_a_name_in_the_reason_is_tried_first() -> None:
    it = Quarantine()
    items = offered("a", "b", "c", "d")
    assert search(it, items, {"c"}, "Error adding/updating cluster(s) c: bad") == (2, 1)
    [item] = [item for item in items if item[0] == "c"]
    assert item in it
    assert (it.why(item).resource, it.why(item).origin) == ("c", "shop.yaml:1")


def test_a_wrong_name_in_the_reason_is_found_out() -> None:
    """A listener's error may speak of a route of another listener's name."""
    responses, proven = search(Quarantine(), offered("a", "b", "c", "d"), {"b"}, "see d")
    assert proven == 1
    assert responses <= 5


def test_several_bad_ones_are_each_found() -> None:
    names = [f"c{n}" for n in range(20)]
    assert search(Quarantine(), offered(*names), {"c3", "c4", "c19"})[1] == 3


def test_fresh_items_go_before_suspects() -> None:
    it = Quarantine()
    old = offered("a", "b")
    it.refused(old, "no")
    new = offered("z")
    assert it.choose([*old, *new]) == list(new)


def test_a_group_that_lost_an_item_proves_nothing() -> None:
    it = Quarantine()
    old = offered("a", "b")
    it.refused(old, "no")
    [a, _] = old
    assert it.choose([a]) == [a]
    assert it.accepted([a]) == []
    assert not it


def test_a_client_that_refuses_everything_is_given_up() -> None:
    it = Quarantine()
    lacking = offered(*(f"c{n}" for n in range(2000)))
    it.aim("1")
    responses = 0
    reasons: list[str] = []
    while chosen := it.choose(list(lacking)):
        responses += 1
        reasons += [r.reason for r in it.refused({i: lacking[i] for i in chosen}, "never")]
    assert responses < 230
    assert len(reasons) == 17
    assert "too many to find each" in reasons[-1]
    _same(it, list(lacking))


def _same(it: Quarantine, lacking: Sequence[Item]) -> None:
    it.aim("1")
    assert it.choose(lacking) == []
    it.aim("2")  # the next version may try again what was forgotten, but not much more
    assert len(it.choose(lacking)) == 2000 - 1024


def test_what_was_refused_with_an_item_that_is_gone_stays_a_suspect() -> None:
    it, items = Quarantine(), offered("a", "b")
    it.refused(items, "no")
    [first, _] = items
    assert list(it.choose([first])) == [first]
    assert it, "it is neither bad nor in a group, and may still be what was refused"
    [other] = offered("c")
    assert list(it.choose([first, other])) == [other], "what was never refused goes first"


def test_a_removal_that_is_refused_has_no_line() -> None:
    it, gone = Quarantine(), ("gone", None)
    [found] = it.refused({gone: None}, "no")
    assert (found.resource, found.origin) == ("gone", "")
    assert gone in it


def test_who_takes_after_all_what_it_refused_has_no_suspects() -> None:
    it, items = Quarantine(), offered("a", "b")
    it.refused(items, "no")
    assert it.accepted(items) == []
    assert not it


def test_a_line_is_that_of_the_clients_own_resource() -> None:
    items = offered("same", "other", "none")
    same, other, none = items.values()
    assert same is not None
    assert other is not None
    own = {"same": replace(same, origin="own.yaml:7"), "other": cluster("other", 9)}
    found = belonging(items, own)
    assert list(found) == list(items)
    assert [found[item] for item in items] == [own["same"], other, none]


def test_what_is_bad_is_known_once_nothing_is_under_suspicion() -> None:
    it = Quarantine()
    assert it.known() == frozenset()
    [a, b] = old = offered("a", "b")
    it.refused(old, "no")
    assert it.known() is None
    it.accepted([a])
    assert it.known() == {b}
    [_, d] = more = offered("c", "d")
    it.refused(more, "no")
    it.choose([b, d])
    assert it.known() is None, "what lost its group is still under suspicion"
    it.accepted([d])
    assert it.known() == {b}
