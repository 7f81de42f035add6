import json
from pathlib import Path

import pytest
from yaml import safe_load

from tests.commanding import Done, run
from xds_server.cli.bootstrap import Kind

TLS = ("--tls-cert", "/c.pem", "--tls-key", "/k.pem", "--tls-ca", "/ca.pem")


def bootstrap(tmp_path: Path, *options: str, kind: str = "node-proxy") -> Done:
    given = ("--node", "host1", "--xds", "192.0.2.10:18000", *options)
    return run("bootstrap", kind, *given, state=tmp_path)


@pytest.mark.parametrize("kind", [k for k in Kind if k is not Kind.GRPC_PROXYLESS])
def test_a_proxy_knows_its_name_and_its_server(kind: Kind, tmp_path: Path) -> None:
    done = bootstrap(tmp_path, kind=kind)
    assert done.code == 0, done.err
    read = safe_load(done.out)
    assert read["node"]["id"] == "host1"
    assert "192.0.2.10" in json.dumps(read["static_resources"])
    assert read["admin"]["address"]["socket_address"]["port_value"] == 9901


def test_a_grpc_client_gets_json(tmp_path: Path) -> None:
    read = json.loads(bootstrap(tmp_path, *TLS, kind="grpc-proxyless").out)
    assert read["xds_servers"][0]["server_uri"] == "192.0.2.10:18000"
    assert read["xds_servers"][0]["channel_creds"][0]["config"]["private_key_file"] == "/k.pem"


def test_the_admin_interface_is_a_port_or_a_path(tmp_path: Path) -> None:
    assert '"port_value": 7' in bootstrap(tmp_path, "--admin", "7").out
    assert '"path": "/run/admin"' in bootstrap(tmp_path, "--admin", "/run/admin").out


def test_the_same_options_print_the_same_bytes(tmp_path: Path) -> None:
    assert bootstrap(tmp_path, *TLS).out == bootstrap(tmp_path, *TLS).out


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--xds", "192.0.2.10"), "has no port"),
        (("--xds", ":18000"), "no host"),
        (("--xds", "a:99999"), "99999 is no port"),
        (("--admin", "70000"), "70000 is no port"),
        (("--node", ""), "--node is empty"),
        (TLS[:4], "give all three"),
    ],
)
def test_what_is_wrong_is_one_sentence(options: tuple[str, ...], said: str, tmp_path: Path) -> None:
    done = bootstrap(tmp_path, *options)
    assert (done.code, done.out) == (2, "")
    assert said in done.err
    assert done.err.count("\n") == 1


def test_a_grpc_client_takes_no_relay(tmp_path: Path) -> None:
    assert bootstrap(tmp_path, "--relay", "/x", kind="grpc-proxyless").code == 2


@pytest.mark.parametrize("kind", [k for k in Kind if k is not Kind.GRPC_PROXYLESS])
def test_an_envoy_may_check_for_others(kind: Kind, tmp_path: Path) -> None:
    read = safe_load(bootstrap(tmp_path, "--hds", kind=kind).out)
    [service] = read["hds_config"]["grpc_services"]
    names = {cluster["name"] for cluster in read["static_resources"]["clusters"]}
    assert service["envoy_grpc"]["cluster_name"] in names
    assert "hds_config" not in bootstrap(tmp_path, kind=kind).out


def test_a_grpc_client_checks_nothing(tmp_path: Path) -> None:
    done = bootstrap(tmp_path, "--hds", kind="grpc-proxyless")
    assert (done.code, "--hds is of proxies" in done.err) == (2, True)


def test_every_template_has_a_kind() -> None:
    configs = Path(__file__).parents[4] / "envoy_configs"
    found = {path.name for path in configs.iterdir() if path.suffix in (".yaml", ".json")}
    assert found == {kind.file for kind in Kind}
