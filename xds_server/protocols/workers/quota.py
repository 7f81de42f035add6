"""A limit that several workers keep together, each of which counts for itself."""

from __future__ import annotations


class Quota:
    """Below the limit each worker may hold as many as all together. From the limit on each has a
    share, and the shares are the limit in sum, so that what is under way cannot add up.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._held: dict[int, int] = {}
        self._shares: dict[int, int] = {}

    @property
    def total(self) -> int:
        """How much is held."""
        return sum(self._held.values())

    @property
    def held(self) -> dict[int, int]:
        """How much each worker holds; none that holds nothing."""
        return dict(self._held)

    def counted(self, worker: int, held: int) -> dict[int, int]:
        """Take what a worker holds now; return how much each of these may hold from now on.

        Who is not named goes on as before.
        """
        self._held.pop(worker, None)
        if held:
            self._held[worker] = held
        return self._share(worker)

    def lost(self, worker: int) -> dict[int, int]:
        """Take the end of a worker; return as ``counted``."""
        self._held.pop(worker, None)
        self._shares.pop(worker, None)
        return self._share(worker)

    def _share(self, first: int) -> dict[int, int]:
        before = self._shares
        here = self._bound(first)
        bound = sum(here.values()) > self._most // 2 if before else self.total >= self._most
        self._shares = self._divided(here, first) if bound else {}
        allowed = self._shares or dict.fromkeys(before, self._most)
        return {worker: most for worker, most in allowed.items() if before.get(worker) != most}

    def _bound(self, over: int) -> dict[int, int]:
        """Return what each worker holds, as far as it may: the rest is about to end."""
        before = self._shares
        if before:
            return {w: min(self._held.get(w, 0), before.get(w, 0)) for w in {*self._held, *before}}
        rest = max(self.total - self._most, 0)
        return {w: held - rest if w == over else held for w, held in self._held.items()}

    def _divided(self, here: dict[int, int], first: int) -> dict[int, int]:
        """Return what each holds, and a part of what is free; the remainder is the first's."""
        order = sorted(here, key=lambda worker: (worker != first, worker))
        part, rest = divmod(self._most - sum(here.values()), len(order))
        return {w: here[w] + part + (place < rest) for place, w in enumerate(order)}
