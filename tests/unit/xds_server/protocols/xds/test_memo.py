from xds_server.protocols.xds.memo import Memo


def test_made_once_for_equal_keys_and_the_same_objects() -> None:
    memo = Memo(100)
    made: list[str] = []

    def make() -> list[str]:
        made.append("x")
        return made

    basis = [1]
    first = memo.recall("key", make, len, (basis,))
    assert memo.recall("key", make, len, (basis,)) is first
    assert made == ["x"]
    memo.recall("key", make, len, ([1],))
    memo.recall("other", make, len, (basis,))
    assert made == ["x"] * 3


def test_an_object_that_is_gone_is_never_taken_for_another() -> None:
    memo = Memo(1_000_000)
    seen = [memo.recall("key", lambda n=n: n, lambda _: 1, ([n],)) for n in range(1000)]
    assert seen == list(range(1000))


def test_what_was_not_used_for_longest_is_forgotten() -> None:
    memo = Memo(10)
    for name in ("a", "b", "a", "c"):
        memo.recall(name, lambda: "xxx", len)
    assert len(memo) == 2
    assert memo.recall("a", lambda: "new", len) == "xxx"
    assert memo.recall("b", lambda: "new", len) == "new"
    memo.recall("huge", lambda: "x" * 100, len)
    assert len(memo) == 0
