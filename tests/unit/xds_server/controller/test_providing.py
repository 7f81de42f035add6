from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.controlling import controlling, shop
from tests.unit.translators.envoy.test_health_checks import CLUSTER as CHECKED
from tests.unit.translators.folder.test_checks import text
from translators.envoy.resources import CLUSTER, ROUTE
from translators.folder.read import EVERY, File
from xds_server.controller.errors import RefusedError, UnsafeError
from xds_server.controller.providing import Providing, Verdict
from xds_server.protocols.reports.health import Assignment
from xds_server.snapshots.model import Resource, Snapshot


def clusters(*names: str, node: str = EVERY) -> File:
    text = "".join(f"---\n'@type': {CLUSTER}\nname: {name}\n" for name in names)
    return File(f"{node or 'all'}.yaml", node, text)


ROUTES = f"""'@type': {ROUTE}
name: r
virtual_hosts:
- {{name: h, domains: ['*'], routes: [{{match: {{prefix: /}}, route: {{cluster: b}}}}]}}
"""


async def test_what_is_sound_is_served_and_what_is_not_leaves_the_last_good_set(
    tmp_path: Path,
) -> None:
    async with controlling(tmp_path) as (controller, sinks):
        providing = Providing(controller, "folder", _Checkers())
        state = await providing.provide([clusters("a"), clusters("b", node="n")])
        assert (state.state, state.count, state.nodes) == (Verdict.SERVED, 2, 1)
        assert list(sinks.snapshots["n"].of(CLUSTER)) == ["a", "b"]
        assert providing.provided.texts["n.yaml:3"] == "name: b"
        held = sinks.snapshots["n"]
        broken = File("bad.yaml", EVERY, f"'@type': {CLUSTER}\nnme: c\n")
        with pytest.raises(RefusedError) as refused:
            await providing.provide([clusters("a"), clusters("b", node="n"), broken])
        assert [str(d).split()[0] for d in refused.value.diagnostics] == ["bad.yaml:2:"]
        assert providing.state.state is Verdict.REFUSED
        assert providing.state.findings == refused.value.diagnostics
        assert providing.state.count == 2
        assert sinks.snapshots["n"] is held
        await providing.provide([clusters("c", "a"), clusters("b", node="n")])
        assert providing.state.state is Verdict.SERVED
        assert providing.state.findings == ()


async def test_references_are_checked_over_the_whole_proxy(tmp_path: Path) -> None:
    async with controlling(tmp_path) as (controller, _):
        providing, routes = (
            Providing(controller, "folder", _Checkers()),
            File("r.yaml", EVERY, ROUTES),
        )
        for files in ([clusters("a"), routes], [clusters("b", node="n"), routes]):
            with pytest.raises(RefusedError, match="1 finding"):
                await providing.provide(files)
        await providing.provide([clusters("b"), routes])


async def test_a_file_that_vanishes_empties_no_proxy_unless_that_is_said(tmp_path: Path) -> None:
    async with controlling(tmp_path) as (controller, sinks):
        providing = Providing(controller, "folder", _Checkers())
        await providing.provide([clusters("a", node="n")])
        with pytest.raises(UnsafeError, match="n would lose all its 1 resources"):
            await providing.provide([])
        assert "--allow-shrink" in providing.state.error
        assert providing.state.state is Verdict.REFUSED
        await providing.provide([], allow_shrink=True)
        assert sinks.withdrawn == ["n"]


async def test_a_large_loss_is_refused_too(tmp_path: Path) -> None:
    async with controlling(tmp_path) as (controller, _):
        providing, names = (
            Providing(controller, "folder", _Checkers()),
            [f"c{n}" for n in range(30)],
        )
        await providing.provide([clusters(*names)])
        await providing.provide([clusters(*names[:25])])
        with pytest.raises(UnsafeError, match="every other node would lose 15 of its 25"):
            await providing.provide([clusters(*names[:10])])


async def test_it_stands_beside_a_policy_and_survives_changes_of_it(tmp_path: Path) -> None:
    async with controlling(tmp_path) as (controller, sinks):
        providing = Providing(controller, "folder", _Checkers())
        await controller.apply(shop(), "ann", "")
        compiled = sinks.snapshots["host1"]
        await providing.provide([clusters("extra")])
        assert controller.state.revision == 1
        both = sinks.snapshots["host1"]
        assert set(both.of(CLUSTER)) == {*compiled.of(CLUSTER), "extra"}
        await controller.apply(shop()[:1], "ann", "again")
        assert "extra" in sinks.snapshots["host1"].of(CLUSTER)
        taken = next(iter(compiled.of(CLUSTER)))
        with pytest.raises(RefusedError) as refused:
            await providing.provide([clusters("extra", taken)])
        [finding] = refused.value.diagnostics
        assert finding.code == "FS6004"
        assert compiled.of(CLUSTER)[taken].origin in finding.message


async def test_the_proxies_own_binary_is_asked(tmp_path: Path) -> None:
    asked: list[str] = []

    class Strict:
        budget: float | None = None

        async def judge(self, node: str, snapshot: Snapshot) -> object:
            asked.append(node)
            [one] = snapshot.of(CLUSTER).values()
            return None if one.name == "good" else _Refused("no", one)

    async with controlling(tmp_path) as (controller, sinks):
        controller.judge = Strict()  # type: ignore[assignment]
        providing = Providing(controller, "folder", _Checkers())
        await providing.provide([clusters("good", node="n")])
        with pytest.raises(RefusedError) as refused:
            await providing.provide([clusters("bad", node="n")])
        assert [(d.file, d.line, d.code) for d in refused.value.diagnostics] == [
            ("n.yaml", 3, "FS6008")
        ]
        assert list(sinks.snapshots["n"].of(CLUSTER)) == ["good"]
        await providing.provide([clusters("good")])
        assert asked == ["n", "n", "every other node"]


class _Checkers:
    def __init__(self) -> None:
        self.told: list[tuple[dict[str, Assignment], Assignment]] = []

    def assign(self, assigned: Mapping[str, Assignment], every: Assignment) -> None:
        self.told.append((dict(assigned), every))


async def test_checks_are_assigned_once_all_else_is_accepted(tmp_path: Path) -> None:
    async with controlling(tmp_path) as (controller, sinks):
        checkers = _Checkers()
        providing = Providing(controller, "folder", checkers)
        files = [clusters("a"), File("n.json", "n", text(CHECKED))]
        state = await providing.provide(files)
        [(nodes, every)] = checkers.told
        assert (list(nodes), every) == (["n"], Assignment())
        assert (state.count, state.nodes, state.checkers) == (1, 1, 1)
        assert [one.code for one in state.findings] == ["FS6015"]
        assert list(sinks.snapshots["n"].of(CLUSTER)) == ["a"]
        with pytest.raises(RefusedError):
            await providing.provide([*files, File("bad.yaml", EVERY, "a: [")])
        assert len(checkers.told) == 1, "nothing of what is refused takes effect"
        state = await providing.provide([clusters("a")])
        assert checkers.told[1:] == [({}, Assignment())]
        assert (state.nodes, state.checkers, state.findings) == (0, 0, ())


async def test_checks_alone_are_served(tmp_path: Path) -> None:
    async with controlling(tmp_path) as (controller, sinks):
        files = [File("n.json", "n", text(CHECKED))]
        state = await Providing(controller, "folder", _Checkers()).provide(files)
        assert (state.count, state.nodes, state.checkers) == (0, 1, 1)
        assert "n" not in sinks.snapshots


async def test_the_proxies_own_binary_judges_checks_too(tmp_path: Path) -> None:
    class Strict:
        budget: float | None = None

        async def judge(self, node: str, snapshot: Snapshot) -> object:
            [one] = snapshot.of(CLUSTER).values()
            return _Refused("no such check", one) if one.name == "shop" else None

    async with controlling(tmp_path) as (controller, _):
        controller.judge = Strict()  # type: ignore[assignment]
        checkers = _Checkers()
        files = [clusters("a"), File("n.json", "n", text(CHECKED))]
        with pytest.raises(RefusedError) as refused:
            await Providing(controller, "folder", checkers).provide(files)
        assert [(d.file, d.line, d.code) for d in refused.value.diagnostics] == [
            ("n.json", 5, "FS6008")
        ]
        assert checkers.told == []


class _Refused:
    def __init__(self, reason: str, resource: Resource) -> None:
        self.reason = reason
        self.resource = resource
