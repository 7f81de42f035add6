from hypothesis import given
from hypothesis import strategies as st

from xds_server.protocols.reports.entries import Entry, Outcome
from xds_server.protocols.reports.ring import Ring

ENTRY = Entry(1.0, "n", Outcome.FORWARDED, "10.0.0.1", 1, "10.0.0.2", 80)


@given(st.integers(1, 8), st.lists(st.integers(0, 5), max_size=6), st.integers(-1, 30))
def test_the_newest_are_kept_in_order(most: int, batches: list[int], after: int) -> None:
    ring = Ring(most)
    for size in batches:
        ring.take([ENTRY] * size)
    total = sum(batches)
    first = max(total - most, after, 0) + 1
    assert [one.number for one in ring.after(after)] == list(range(first, total + 1))
    assert ring.taken == total
