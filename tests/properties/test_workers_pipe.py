"""The pipe to worker processes: they end up with exactly what was published, whatever happens."""

from __future__ import annotations

import json
from contextlib import suppress
from dataclasses import replace

import hypothesis.strategies as st
from hypothesis import given, settings
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from xds_server.protocols.workers.catalogue import Catalogue
from xds_server.protocols.workers.commands import (
    COMMANDS,
    Body,
    Drop,
    Listen,
    Pieces,
    Publish,
    Withdraw,
)
from xds_server.protocols.workers.feed import Feed
from xds_server.protocols.workers.framing import FROM_CONTROLLER, Frame, FrameError, Frames, packed
from xds_server.protocols.workers.gathering import Gathering
from xds_server.protocols.workers.news import NEWS
from xds_server.protocols.workers.quota import Quota
from xds_server.protocols.workers.shelf import Shelf
from xds_server.snapshots.evidence import (
    Connected,
    Device,
    DeviceKind,
    Disconnected,
    Evidence,
    Warned,
)
from xds_server.snapshots.model import Resource, Snapshot, snapshot_of

NODES = st.sampled_from(["web-1", "web-2", "web-3"])
WORKERS = st.integers(0, 1)
RESOURCES = st.builds(
    Resource,
    st.sampled_from(["t/a", "t/b"]),
    st.sampled_from(["x", "y", "z"]),
    st.sampled_from([b"", b"one", b"two"]),
    origin=st.sampled_from(["", "f.yaml:1"]),
    aliases=st.sampled_from([(), ("other",)]),
    ttl=st.sampled_from([0.0, 2.5]),
    on_demand=st.booleans(),
)
GIVEN = st.dictionaries(st.sampled_from(["t/a", "t/b"]), st.sampled_from(["", "1", "2"]))
ONLY = st.sampled_from([frozenset(), frozenset({"t/a"})])
SNAPSHOTS = st.builds(
    lambda resources, given, only: replace(snapshot_of(resources, given), only=only),
    st.lists(RESOURCES, max_size=5),
    GIVEN,
    ONLY,
)


class Worker:
    """The far end of a pipe, without a process: what it was told, byte by byte."""

    def __init__(self, catalogue: Catalogue) -> None:
        self.feed = Feed(catalogue)
        self.nodes: dict[str, Snapshot] = {}
        self.shelf = Shelf()
        self.bodies: list[bytes] = []
        self.listens = False
        self._frames = Frames(FROM_CONTROLLER)

    def read(self, data: bytes) -> None:
        for frame in self._frames.feed(data):
            match COMMANDS.decode(frame):
                case Body() as told:
                    self.bodies.append(told.data)
                    self.shelf.body(told)
                case Pieces() as told:
                    self.shelf.pieces(told)
                case Publish() as told:
                    self.nodes |= dict(self.shelf.published(told))
                case Withdraw(nodes=nodes):
                    self.nodes = {n: s for n, s in self.nodes.items() if n not in nodes}
                case Drop() as told:
                    for number in told.numbers:
                        with suppress(ValueError):
                            self.bodies.remove(self.shelf._bodies.get(number, b"never sent"))
                    self.shelf.drop(told)
                case Listen():
                    self.listens = True


class Pipe(RuleBasedStateMachine):
    """Publishing, slow reading and losses in any order; in the end all workers agree."""

    def __init__(self) -> None:
        super().__init__()
        self.catalogue = Catalogue()
        self.published: dict[str, Snapshot] = {}
        self.workers = [Worker(self.catalogue), Worker(self.catalogue)]

    @rule(node=NODES, snapshot=SNAPSHOTS)
    def publish(self, node: str, snapshot: Snapshot) -> None:
        self.published[node] = snapshot
        self._tell(node, self.catalogue.publish(node, snapshot))

    @rule(node=NODES)
    def withdraw(self, node: str) -> None:
        self.published.pop(node, None)
        self._tell(node, self.catalogue.withdraw(node))

    @rule(worker=WORKERS, most=st.integers(1, 300), cut=st.integers(1, 20))
    def take(self, worker: int, most: int, cut: int) -> None:
        found = self.workers[worker]
        data = b"".join(found.feed.take(most))
        for start in range(0, len(data), cut):
            found.read(data[start : start + cut])

    @rule(worker=WORKERS)
    def lose(self, worker: int) -> None:
        self.workers[worker] = Worker(self.catalogue)

    @invariant()
    def bodies_are_held_once(self) -> None:
        for worker in self.workers:
            assert len(worker.bodies) == len(set(worker.bodies))

    def teardown(self) -> None:
        for worker in self.workers:
            self._catch_up(worker)
            assert worker.listens
            assert _shown(worker.nodes) == _shown(self.published)
        for node in list(self.published):
            self.withdraw(node)
        assert len(self.catalogue) == 0
        for worker in self.workers:
            self._catch_up(worker)
            assert len(worker.shelf) == 0

    def _tell(self, node: str, gone: list[int]) -> None:
        for worker in self.workers:
            worker.feed.changed(node, gone)

    def _catch_up(self, worker: Worker) -> None:
        while frames := worker.feed.take(1):
            worker.read(b"".join(frames))


def _shown(nodes: dict[str, Snapshot]) -> dict[str, tuple[object, ...]]:
    """Return all that counts of snapshots: a version that is given for nothing does not."""
    return {
        node: (one.resources, one.only, one.versions, one.digests) for node, one in nodes.items()
    }


TestPipe = Pipe.TestCase
TestPipe.settings = settings(max_examples=200, stateful_step_count=30, deadline=None)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=3), inner),
    max_leaves=12,
)
NAMES = st.sampled_from(
    ["Start", "Pieces", "Publish", "Query", "Heard", "Logged", "Loaded", "Ask", "Answer", "x"]
)


@given(st.binary(max_size=200))
def test_any_bytes_are_frames_or_an_error(data: bytes) -> None:
    with suppress(FrameError):
        for frame in Frames(1 << 16).feed(data):
            assert isinstance(frame, Frame)


@given(NAMES, st.lists(JSON, max_size=6), st.binary(max_size=5))
def test_any_json_is_a_message_or_an_error(name: str, values: list[object], tail: bytes) -> None:
    try:
        frames = list(Frames(1 << 16).feed(packed([name, *values], tail)))
    except FrameError:
        assert "NaN" in json.dumps(values) or "Infinity" in json.dumps(values)
        return
    for codec in (COMMANDS, NEWS):
        with suppress(FrameError):
            codec.decode(frames[0])


SIGHTINGS = st.lists(
    st.tuples(st.sampled_from(["come", "go", "lose"]), st.integers(0, 2), NODES), max_size=40
)


@given(SIGHTINGS)
def test_a_device_is_there_as_long_as_one_worker_has_it(sightings) -> None:
    found = Gathering(64, 1000)
    present: dict[str, set[int]] = {}
    seen: set[str] = set()
    warned: set[str] = set()

    def fold(evidence: list[Evidence]) -> None:
        for one in evidence:
            name = one.device.name
            if isinstance(one, Connected):
                seen.add(name)
            elif isinstance(one, Warned):
                warned.add(name) if one.warning else warned.remove(name)
            else:
                assert isinstance(one, Disconnected)
                assert name in seen, "a device left twice"
                seen.discard(name)

    for number, (what, worker, node) in enumerate(sightings):
        device = Device(DeviceKind.PROXY, node)
        if what == "come" and worker not in present.get(node, set()):
            present.setdefault(node, set()).add(worker)
            fold(found.heard(worker, Connected(device, float(number))))
        elif what == "go" and worker in present.get(node, set()):
            present[node].discard(worker)
            fold(found.heard(worker, Disconnected(device, float(number))))
        elif what == "lose":
            for workers in present.values():
                workers.discard(worker)
            fold(found.lost(worker, float(number), "lost")[0])
        assert seen == {name for name, workers in present.items() if workers}
        assert warned == {name for name, workers in present.items() if len(workers) > 1}


COUNTS = st.lists(st.tuples(st.integers(0, 2), st.integers(-2, 3)), max_size=60)


@given(COUNTS)
def test_what_workers_hold_settles_at_the_limit_or_below(steps) -> None:
    most = 4
    found = Quota(most)
    here, allowed = [0, 0, 0], [most] * 3
    for worker, step in steps:
        wanted = max(here[worker] + step, 0)
        here[worker] = wanted if step <= 0 else max(min(wanted, allowed[worker]), here[worker])
        waiting = [worker]
        for _ in range(20):  # reports and orders, until nobody has anything to say
            if not waiting:
                break
            told = found.counted(waiting[0], here[waiting.pop(0)])
            for one, may in told.items():
                allowed[one] = may
                if here[one] > may:
                    here[one] = may
                    waiting.append(one)
        assert not waiting
        assert sum(here) <= most
