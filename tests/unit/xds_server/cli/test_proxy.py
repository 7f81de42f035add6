import json
import time
from pathlib import Path

from tests.commanding import run
from tests.serving import Serving
from xds_server.cli.proxy import _age, _essence


def test_every_proxy_and_type_is_a_row(shop_server: Serving) -> None:
    done = run("proxy", "status", state=shop_server.state)
    assert done.code == 0, done.err
    assert done.out.splitlines()[0].split()[:3] == ["NODE", "TYPE", "STATE"]
    assert "host1  CDS   NEVER  -     -      -       -    -" in done.out
    names = run("proxy", "status", "-o", "name", state=shop_server.state).out.split()
    assert names == ["host1", "host2"]


def test_config_lists_what_is_sent_with_its_line(shop_server: Serving) -> None:
    done = run("proxy", "config", "host1", "clusters", state=shop_server.state)
    rows = done.out.splitlines()[1:]
    assert rows
    assert all(row.startswith("CDS") and ".yaml:" in row and "  no  " in row for row in rows)
    told = run("proxy", "config", "host1", "-o", "json", state=shop_server.state)
    assert {one["type"].rpartition(".")[2] for one in json.loads(told.out)} == {
        "Listener",
        "RouteConfiguration",
        "Cluster",
        "ClusterLoadAssignment",
    }


def test_a_difference_needs_the_other_side(shop_server: Serving) -> None:
    done = run("proxy", "config", "host1", "--diff", state=shop_server.state)
    assert done.code == 2
    assert "--admin" in done.err


def test_explain_names_line_object_and_neighbours(shop_server: Serving) -> None:
    listed = run("proxy", "config", "host1", "routes", "-o", "name", state=shop_server.state)
    done = run("proxy", "explain", "host1", listed.out.split()[0], state=shop_server.state)
    assert done.code == 0, done.err
    assert done.out.startswith("RouteConfiguration ")
    for part in ("because of ", "policy/shop/", "used by Listener ", "uses Cluster "):
        assert part in done.out
    assert run("proxy", "explain", "host1", "nothing", state=shop_server.state).code == 1


def test_assignments_are_compared_by_their_addresses() -> None:
    body = {"endpoints": [{"lb_endpoints": [{"endpoint": {"address": {"a": 1}}}]}]}
    with_defaults = {**body, "policy": {"overprovisioning_factor": 140}}
    assert _essence("x.ClusterLoadAssignment", body) == ['{"a": 1}']
    assert _essence("x.ClusterLoadAssignment", with_defaults) == ['{"a": 1}']
    assert _essence("x.ClusterLoadAssignment", {}) == []
    assert _essence("x.Cluster", {"name": "a"}) == {"name": "a"}


def test_ages_are_short() -> None:
    now = time.time()
    ages = [_age(at) for at in (0, now - 5, now - 125, now - 7300, now - 200_000)]
    assert ages == ["-", "5s", "2m", "2h", "2d"]


def test_a_folder_is_read_again_and_a_loss_has_to_be_meant(tmp_path: Path) -> None:
    folder = tmp_path / "resources" / "n"
    folder.mkdir(parents=True)
    file = folder / "a.yaml"
    file.write_text('"@type": type.googleapis.com/envoy.config.cluster.v3.Cluster\nname: a\n')
    with Serving(tmp_path / "state", "--resources", str(folder.parent)) as server:
        assert "1 resources served" in run("status", state=server.state).out
        file.write_text("nme: a\n")
        refused = run("proxy", "reload", state=server.state)
        assert refused.code == 1
        assert f"{file}:1: FS6001" in refused.err
        assert "is refused since" in run("status", state=server.state).err
        file.unlink()
        assert "--allow-shrink" in run("proxy", "reload", state=server.state).err
        done = run("proxy", "reload", "--allow-shrink", state=server.state)
        assert (done.code, "0 resources served" in done.out) == (0, True)
