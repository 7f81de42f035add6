"""What a response is made of: what the client should see, what it is told, what is in flight."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from xds_server.protocols.xds.protobuf import put_text
from xds_server.protocols.xds.quarantine import Item, Items
from xds_server.snapshots.model import Resource, Snapshot

# Known versions: what the client holds under a name; None: it was told that there is nothing.
UNSURE = ""
NOTHING: Mapping[str, str | None] = {}  # one object, so that new streams are alike


@dataclass(frozen=True, slots=True)
class Target:
    """A snapshot as one type of one stream should see it now.

    ``epoch`` counts snapshots; ``retain``: keep what the client holds although it is gone,
    because something that refers to it may still be in use; ``earlier``: what a client that
    reconnects may still hold, newest first; ``missing``: names of clusters and endpoints that the
    client refused and has no earlier version of, so that nothing new may refer to them.
    """

    epoch: int
    snapshot: Snapshot
    retain: bool
    earlier: tuple[Snapshot, ...] = ()
    missing: frozenset[str] = frozenset()

    def lacks_for(self, resource: Resource) -> bool:
        """Whether a resource names what is missing.

        Bodies are opaque here: a name is looked for as the protobuf string that it would be.
        """
        return any(put_text(1, name)[1:] in resource.body for name in self.missing)


@dataclass(frozen=True, slots=True)
class Draft:
    """A response that could be sent: what is in it, and what of it is new to the client.

    ``whole``: after it the client lacks nothing; ``exact``: nor does it hold anything too much;
    ``items``: what of it the client may refuse; ``bad``: what it lacks because it refused it;
    ``missing``: the names among all that it lacks of which it holds no earlier version, filled
    in while anything is under suspicion; ``beat``: a heartbeat, which brings nothing new;
    ``held`` and ``known``: what a state-of-the-world client holds afterwards, and its versions.
    """

    content: Mapping[str, Resource | None]
    changed: tuple[Resource, ...]
    digest: str
    wire_version: str
    due: bool
    whole: bool = True
    exact: bool = True
    bad: tuple[Item, ...] = ()
    missing: frozenset[str] = frozenset()
    items: Items = field(default_factory=dict)
    beat: bool = False
    held: Mapping[str, Resource] = field(default_factory=dict)
    known: Mapping[str, str | None] = field(default_factory=dict)


@dataclass(slots=True)
class Offer:
    """A response in flight; ``content`` loses names whose subscription changed meanwhile.

    ``intact`` until the client comes to be owed something that is not in it.
    """

    nonce: str
    draft: Draft
    version: str
    epoch: int
    sent_at: float
    content: Mapping[str, Resource | None] = field(default_factory=dict)
    warned: bool = False
    intact: bool = True

    def forget(self, names: Iterable[str]) -> None:
        """Take these names out of the content, which may be shared: it is replaced."""
        gone = self.content.keys() & set(names)
        if gone:
            self.content = {n: r for n, r in self.content.items() if n not in gone}


@dataclass(frozen=True, slots=True)
class Encoded:
    """A response's bytes without its nonce, and the names in it."""

    body: bytes = field(repr=False)
    present: tuple[str, ...]
    absent: tuple[str, ...]


def named(content: Mapping[str, Resource | None], body: bytes) -> Encoded:
    """Return an encoding with the names of what it brings and of what it says is gone."""
    present = tuple(name for name, resource in content.items() if resource)
    absent = tuple(name for name, resource in content.items() if not resource)
    return Encoded(body, present, absent)


def size(draft: Draft) -> int:
    """Return how many names are in a draft."""
    return len(draft.content)
