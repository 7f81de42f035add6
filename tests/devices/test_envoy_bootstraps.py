"""Every bootstrap of envoy_configs/ is read by the program that it is written for."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import grpc
import pytest
import trustme
from envoy_data_plane.envoy.config.cluster.v3 import (
    Cluster,
    ClusterDiscoveryType,
    ClusterEdsClusterConfig,
)
from envoy_data_plane.envoy.config.listener.v3 import ApiListener, Listener
from envoy_data_plane.envoy.config.route.v3 import (
    Route,
    RouteAction,
    RouteConfiguration,
    RouteMatch,
    VirtualHost,
)
from envoy_data_plane.envoy.extensions.filters.network.http_connection_manager.v3 import (
    HttpConnectionManager,
)

from tests.devices.clients import ENVOY
from tests.devices.envoy import CONFIGS, Controller, namespace, serving, started
from tests.serving import fsdn
from translators.envoy.bootstrap import TlsPaths, bootstrap
from translators.envoy.clusters import ADS
from translators.envoy.encode import encode, pack
from translators.envoy.endpoints import assignment_bytes
from translators.envoy.filters.router import router
from translators.envoy.resources import CLUSTER, ENDPOINT, LISTENER, EncodedResource
from xds_server.cli.bootstrap import Kind

pytestmark = [pytest.mark.device, pytest.mark.envoy("bootstraps of envoy_configs/")]

CONTROLLER = {"controller_host": "controller.example", "controller_port": 18000}


@pytest.mark.parametrize("way", ["plain", "tls", "relay", "unix admin"])
@pytest.mark.parametrize("path", sorted(CONFIGS.glob("*.yaml")), ids=lambda path: path.stem)
def test_envoy_accepts_the_bootstrap(path: Path, way: str, tmp_path: Path) -> None:
    config = tmp_path / "bootstrap.yaml"
    text = bootstrap(
        path.read_text(),
        node='a "quoted" node',
        admin=str(tmp_path / "admin.sock") if way == "unix admin" else 0,
        tls=_certificates(tmp_path) if way == "tls" else None,
        relay=str(tmp_path / "relay.sock") if way == "relay" else None,
        **CONTROLLER,
    )
    config.write_text(text)
    argv = [ENVOY, "--mode", "validate", "-c", str(config), "-l", "warning"]
    done = subprocess.run(argv, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr.strip()) == (0, ""), done.stderr


@pytest.mark.parametrize("way", ["plain", "tls", "relay"])
@pytest.mark.parametrize("kind", [k for k in Kind if k is not Kind.GRPC_PROXYLESS])
def test_envoy_accepts_what_the_command_prints(kind: Kind, way: str, tmp_path: Path) -> None:
    options = ["--node", "host1", "--xds", "[2001:db8::1]:18000"]
    if way == "tls":
        tls = _certificates(tmp_path)
        options = ["--node", "host1", "--xds", "sdn.example:18000", "--tls-cert", tls.certificate]
        options += ["--tls-key", tls.key, "--tls-ca", tls.authority]
    if way == "relay":
        options += ["--relay", str(tmp_path / "relay.sock"), "--admin", str(tmp_path / "admin")]
    printed = fsdn("bootstrap", kind, *options, state=tmp_path)
    assert printed.returncode == 0, printed.stderr
    config = tmp_path / "envoy.yaml"
    config.write_text(printed.stdout)
    argv = [ENVOY, "--mode", "validate", "-c", str(config), "-l", "warning"]
    done = subprocess.run(argv, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr.strip()) == (0, ""), done.stderr


def _certificates(directory: Path) -> TlsPaths:
    authority = trustme.CA()
    own = authority.issue_cert("host1")
    paths = TlsPaths(*(str(directory / name) for name in ("cert.pem", "key.pem", "ca.pem")))
    own.cert_chain_pems[0].write_to_path(paths.certificate)
    own.private_key_pem.write_to_path(paths.key)
    authority.cert_pem.write_to_path(paths.authority)
    return paths


CALL = """
import grpc
channel = grpc.insecure_channel("xds:///greeter")
print(channel.unary_unary("/greeter/Greet")(b"you", timeout=20).decode())
"""


@pytest.mark.root
def test_grpc_reaches_a_service_by_the_proxyless_bootstrap(tmp_path: Path) -> None:
    with (
        namespace() as name,
        _greeter(name) as port,
        serving(Controller(_greeter_resources(port)), name) as controller,
    ):
        where = {"controller_host": "127.0.0.1", "controller_port": controller}
        template = (CONFIGS / "grpc-proxyless.json").read_text()
        text = bootstrap(template, node="proxyless", admin=0, **where)
        assert json.loads(text)["node"]["id"] == "proxyless"
        config = tmp_path / "bootstrap.json"
        config.write_text(text)
        environment = os.environ | {"GRPC_XDS_BOOTSTRAP": str(config)}
        argv = ["ip", "netns", "exec", name, sys.executable, "-c", CALL]
        done = subprocess.run(
            argv, env=environment, capture_output=True, text=True, check=False, timeout=60
        )
    assert done.stdout == "hello you\n", done.stderr


@contextmanager
def _greeter(name: str) -> Iterator[int]:
    server = grpc.server(ThreadPoolExecutor(max_workers=2))
    greet = grpc.unary_unary_rpc_method_handler(lambda request, _context: b"hello " + request)
    handlers = grpc.method_handlers_generic_handler("greeter", {"Greet": greet})
    server.add_generic_rpc_handlers((handlers,))
    with started(server, name) as port:
        yield port


def _greeter_resources(port: int) -> tuple[EncodedResource, ...]:
    """Return what a proxyless client asks for, down to our own endpoint bytes."""
    route = Route(match=RouteMatch(prefix=""), route=RouteAction(cluster="greeters"))
    routes = RouteConfiguration(
        name="greeter", virtual_hosts=[VirtualHost(name="any", domains=["*"], routes=[route])]
    )
    http = HttpConnectionManager(route_config=routes, http_filters=[router()])
    listener = Listener(name="greeter", api_listener=ApiListener(api_listener=pack(http)))
    cluster = Cluster(
        name="greeters",
        type=ClusterDiscoveryType.EDS,
        eds_cluster_config=ClusterEdsClusterConfig(eds_config=ADS),
    )
    return (
        EncodedResource(LISTENER, "greeter", encode(listener), ""),
        EncodedResource(CLUSTER, "greeters", encode(cluster), ""),
        EncodedResource(
            ENDPOINT, "greeters", assignment_bytes("greeters", (("127.0.0.1", port),)), ""
        ),
    )
