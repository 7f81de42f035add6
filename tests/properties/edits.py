"""Random changes of a world's documents, each in a file of its own so that it stays put."""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from random import Random

from tests.properties.worlds import Thing, documents_of, random_things
from translators.policy.document import Document

Things = dict[str, Thing]


def named(things: list[Thing]) -> Things:
    """Return things by kind, tenant and name: each is a file of its own, so that it stays put."""
    return {
        f"{t['kind']}-{t['metadata'].get('tenant', '')}-{t['metadata']['name']}": t for t in things
    }


def documents(things: Things) -> list[Document]:
    return [d for name, one in things.items() for d in documents_of([one], f"{name}.yaml")]


def _gone(rng: Random, things: Things) -> None:
    del things[rng.choice(sorted(things))]


def _from_elsewhere(rng: Random, things: Things) -> None:
    """Take some documents of another world: new ones, and others of the same names."""
    other = named(random_things(rng))
    for name in rng.sample(sorted(other), rng.randint(1, 3)):
        things[name] = other[name]


def _one(rng: Random, things: Things, kind: str) -> Thing:
    """Return a copy of one of these, in its place; an empty thing where there is none."""
    names = [name for name in sorted(things) if name.startswith(kind)]
    if not names:
        return {"metadata": {}, "spec": {}}
    name = rng.choice(names)
    things[name] = deepcopy(things[name])
    return things[name]


def _relabelled(rng: Random, things: Things) -> None:
    one = _one(rng, things, "Workload-")
    one["metadata"]["labels"] = {"app": rng.choice("abc"), "version": "v1"}


def _readdressed(rng: Random, things: Things) -> None:
    spec = _one(rng, things, "Workload-shop-w")["spec"]
    number = rng.choice((9, 40, 193, 194, 200))  # some of them in the pool of virtual addresses
    spec["addresses"] = [f"10.10.0.{number}"]
    spec["host"] = rng.choice(("host1", "host2", "host3"))


def _drained(rng: Random, things: Things) -> None:
    _one(rng, things, "Workload-shop-w")["spec"]["drain"] = rng.choice((True, False))
    if rng.randrange(2):
        _one(rng, things, "Service-shop")["spec"]["drain"] = [rng.choice(("w1", "w2", "nobody"))]


def _reprioritised(rng: Random, things: Things) -> None:
    _one(rng, things, "Policy-")["spec"]["priority"] = rng.choice((0, 5, 10, 20))


def _rescaled(rng: Random, things: Things) -> None:
    spec = _one(rng, things, "Service-shop")["spec"]
    spec.pop("endpoints", None)
    spec["selector"] = {"app": rng.choice("abc")}


def _repeated(rng: Random, things: Things) -> None:
    """Define something once more, in another file, or take such a file away."""
    again = [name for name in things if name.endswith("-again")]
    for name in again:
        del things[name]
    if not again or rng.randrange(2):
        name = rng.choice(sorted(things))
        things[f"{name}-again"] = deepcopy(things[name])


def _rerouted(rng: Random, things: Things) -> None:
    """Move a segment to another router, or away from all."""
    spec = _one(rng, things, "Segment-")["spec"]
    spec["router"] = rng.choice(("main", "side"))
    if rng.randrange(2):
        del spec["router"]


def _rehomed(rng: Random, things: Things) -> None:
    """Give a host the other address of its link to the leaf."""
    host = _one(rng, things, "Host-")
    number = host["metadata"].get("name", "")[-1:]
    first, second = rng.sample((1, 2), 2)
    gateway = f"10.255.{number}.{second}"
    host["spec"]["tunnel"] = {"address": f"10.255.{number}.{first}/30", "gateway": gateway}


EDITS: tuple[Callable[[Random, Things], None], ...] = (
    _gone,
    _from_elsewhere,
    _relabelled,
    _readdressed,
    _drained,
    _reprioritised,
    _rescaled,
    _rerouted,
    _repeated,
    _rehomed,
)
