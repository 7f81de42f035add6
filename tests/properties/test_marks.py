"""Whatever is committed, said and found, and when: proxies were told what holds, marked."""

from dataclasses import replace
from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.conversations.controller.script import PLAN, PORTS
from tests.conversations.controller.test_health import hosts, shop
from xds_server.controller.reconcile import reconcile
from xds_server.controller.state import (
    Committed,
    Diagnosed,
    Event,
    PublishProxy,
    State,
    Tick,
    WithdrawProxy,
)
from xds_server.protocols.reports.health import Checked
from xds_server.protocols.reports.marking import marked
from xds_server.snapshots.evidence import Acked, Connected, Device, DeviceKind, Disconnected
from xds_server.snapshots.model import Snapshot

NODES = ("host1", "host2", "guest")
SHOPS = [shop(*numbers) for numbers in ((1,), (2,), (1, 2), (1, 2, 3))]


def _event(rng: Random, state: State, now: float) -> Event:
    device = Device(DeviceKind.PROXY, rng.choice(NODES))
    choice = rng.randrange(8)
    if choice == 0:
        wanted = replace(hosts(rng.choice(SHOPS), rng.choice(SHOPS)), others=rng.choice(SHOPS))
        return Committed(state.revision + 1, PLAN, wanted, PORTS, now)
    if choice <= 2:
        found = rng.sample(range(1, 4), rng.randint(0, 2))
        return Diagnosed(frozenset(Checked("shop", f"10.0.0.{n}", 80) for n in found), now)
    known = state.status.of(device)
    if not known.connected:
        return Connected(device, now)
    if choice == 3:
        return Disconnected(device, now, "")
    waiting = [(kind, one.wanted) for kind, one in known.types.items() if one.wanted]
    return Acked(device, *rng.choice(waiting), now) if waiting else Tick(now)


@settings(max_examples=150)
@given(st.randoms(use_true_random=False))
def test_proxies_were_told_what_holds_with_the_marks_that_hold(rng: Random) -> None:
    state, last = State(), dict[str, Snapshot]()
    for step in range(40):
        state, effects = reconcile(state, _event(rng, state, float(step)))
        for effect in effects:
            if isinstance(effect, PublishProxy):
                last[effect.node] = effect.snapshot
            elif isinstance(effect, WithdrawProxy):
                last.pop(effect.node, None)
        assert set(last) == set(state.published)
        for node, told in last.items():
            assert told.versions == marked(state.published[node], state.unhealthy).versions
            types = state.status.of(Device(DeviceKind.PROXY, node)).types
            wanted = {kind: one.wanted for kind, one in types.items() if one.wanted}
            assert wanted == {kind: told.version(kind) for kind in wanted}
