"""What many streams work out alike is worked out once: differences, encodings, next states.

Streams whose clients know the same (the same object) and ask for the same form a cohort. States
are replaced and never changed in place, so that identity stands for equality.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Any, TypeVar, cast

T = TypeVar("T")

_MOST_NAMES = 1_000_000  # resources in remembered differences and states: some 100 MB at worst


class Memo:
    """Results by key, the least recently used forgotten first."""

    def __init__(self, most: int = _MOST_NAMES) -> None:
        self._most = most
        self._entries: OrderedDict[Hashable, tuple[Any, int, tuple[object, ...]]] = OrderedDict()
        self._weight = 0

    def recall(
        self,
        key: Hashable,
        make: Callable[[], T],
        weigh: Callable[[T], int],
        basis: tuple[object, ...] = (),
    ) -> T:
        """Return the result of ``make`` for this key and the very objects of ``basis``.

        The objects are kept with the entry: as long as it lives, no other can have their ids.
        """
        whole = (key, *map(id, basis))
        entry = self._entries.get(whole)
        if entry is not None:
            if self._weight * 2 > self._most:  # until then nothing is near to being forgotten
                self._entries.move_to_end(whole)
            return cast(T, entry[0])
        made = make()
        weight = weigh(made) + 1
        self._entries[whole] = (made, weight, basis)
        self._weight += weight
        while self._weight > self._most:
            _, (_, freed, _) = self._entries.popitem(last=False)
            self._weight -= freed
        return made

    def __len__(self) -> int:
        return len(self._entries)
