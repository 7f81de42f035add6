"""What a client asks for, as a value: the wildcard rules of both dialects in one place.

Source: "xDS REST and gRPC protocol", sections "How the client specifies what resources to return"
and "Unsubscribing From Resources".
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from xds_server.snapshots.names import canonical_all, collection, globs_of

WILDCARD = "*"


@dataclass(frozen=True, slots=True)
class Subscription:
    """Names asked for, and whether everything is; ``explicit`` once any name was ever given.

    ``globs``: those of the names that stand for a collection of resources.
    """

    names: frozenset[str] = frozenset()
    wildcard: bool = False
    explicit: bool = False
    globs: frozenset[str] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "globs", globs_of(self.names))

    def covers(self, name: str) -> bool:
        """Whether a resource of this name is asked for."""
        return self.wildcard or name in self.names or self.collects(name)

    def collects(self, name: str) -> bool:
        """Whether a collection that is asked for has a resource of this name."""
        return bool(self.globs) and collection(name) in self.globs

    @property
    def empty(self) -> bool:
        """Whether nothing is asked for."""
        return not self.wildcard and not self.names

    def stated(self, names: Iterable[str], *, legacy: bool) -> Subscription:
        """Return the subscription after a request that lists all names.

        State-of-the-world requests do, and the first of a type on a delta stream.

        ``legacy``: an empty list means everything for this type, as long as no name was ever
        given on the stream; after that an empty list means nothing.
        """
        wanted = canonical_all(names)
        if not wanted:
            return Subscription(wildcard=legacy and not self.explicit, explicit=self.explicit)
        return Subscription(wanted - {WILDCARD}, WILDCARD in wanted, explicit=True)

    def changed(self, add: Iterable[str], drop: Iterable[str]) -> Subscription:
        """Return the subscription after a later delta request, which lists changes only.

        A legacy wildcard stays until the client unsubscribes from ``*`` by name.
        """
        added = canonical_all(add)
        dropped = canonical_all(drop) - added
        return replace(
            self,
            names=(self.names | added) - dropped - {WILDCARD},
            wildcard=(self.wildcard or WILDCARD in added) and WILDCARD not in dropped,
            explicit=self.explicit or bool(added),
        )


NOTHING_ASKED = Subscription()  # one object, so that new streams are alike
