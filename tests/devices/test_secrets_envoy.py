"""Secrets from a folder reach real Envoys by SDS: rotated under load, never another's, revoked."""

import asyncio
import json
import shutil
import ssl
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
import trustme

from tests.devices.xds_proxy import Proxy, bootstrap, envoy, started
from tests.devices.xds_proxy import short_directory as short
from tests.serving import Serving
from tests.waiting import eventually

pytestmark = [pytest.mark.device, pytest.mark.envoy("secrets (SDS)")]
API = "type.googleapis.com/envoy."
SECRET = API + "extensions.transport_sockets.tls.v3.Secret"
ADS = {"ads": {}, "resource_api_version": "V3"}


def issue(ca: trustme.CA, folder: Path, name: str = "shop.test") -> bytes:
    """Write a fresh certificate and key as a rotation does; return the key's lines."""
    issued = ca.issue_cert(name)
    folder.mkdir(parents=True, exist_ok=True)
    chain = b"".join(pem.bytes() for pem in issued.cert_chain_pems)
    for file, data in (("tls.crt", chain), ("tls.key", issued.private_key_pem.bytes())):
        fresh = folder / f".{file}"
        fresh.write_bytes(data)
        fresh.chmod(0o600)
        fresh.rename(folder / file)
    return issued.private_key_pem.bytes()


def tls_listener(name: str, path: Path, secret: str, source: dict[str, Any]) -> dict[str, Any]:
    """A listener that answers every request by itself, with a certificate from SDS."""
    source = {**source, "initial_fetch_timeout": "1s"}  # for a secret that never comes
    sds = {"tls_certificate_sds_secret_configs": [{"name": secret, "sds_config": source}]}
    context = API + "extensions.transport_sockets.tls.v3.DownstreamTlsContext"
    manager = API + "extensions.filters.network.http_connection_manager.v3.HttpConnectionManager"
    host = {"name": "all", "domains": ["*"]}
    answer = {"status": 200, "body": {"inline_string": "hello"}}
    host["routes"] = [{"match": {"prefix": "/"}, "direct_response": answer}]
    router = {"@type": API + "extensions.filters.http.router.v3.Router"}
    http = {
        "@type": manager,
        "stat_prefix": name,
        "route_config": {"virtual_hosts": [host]},
        "http_filters": [{"name": "router", "typed_config": router}],
    }
    chain = {
        "filters": [{"name": "http", "typed_config": http}],
        "transport_socket": {
            "name": "tls",
            "typed_config": {"@type": context, "common_tls_context": sds},
        },
    }
    address = {"pipe": {"path": str(path)}}
    return {"name": name, "address": address, "filter_chains": [chain]}


class TlsLoad:
    """Requests over kept and over fresh TLS connections; ``serials`` are of the certificates."""

    def __init__(self, ca: trustme.CA, front: Path) -> None:
        self.context = ssl.create_default_context()
        ca.configure_trust(self.context)
        self.front = str(front)
        self.seen: Counter[str] = Counter()
        self.serials: list[str] = []
        self.stopping = False

    async def connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        name = "shop.test"
        found = await asyncio.open_unix_connection(
            self.front, ssl=self.context, server_hostname=name
        )
        serial = found[1].get_extra_info("peercert")["serialNumber"]
        if serial not in self.serials:
            self.serials.append(serial)
        return found

    async def run(self, *, kept: bool) -> None:
        reader, writer = await self.connect()
        while not self.stopping:
            try:
                if not kept:
                    writer.close()
                    reader, writer = await self.connect()
                writer.write(b"GET / HTTP/1.1\r\nhost: shop.test\r\n\r\n")
                answer = await asyncio.wait_for(reader.readuntil(b"hello"), 5)
                self.seen[answer.split(b"\r\n")[0].decode()] += 1
            except (OSError, asyncio.IncompleteReadError, TimeoutError) as error:
                self.seen[type(error).__name__] += 1
                reader, writer = await self.connect()
            await asyncio.sleep(0.002)
        writer.close()


def active(proxy: Proxy) -> set[str]:
    """Return the secrets that Envoy has got."""
    dump = json.loads(proxy.ask("/config_dump?resource=dynamic_active_secrets"))
    found = dump.get("configs", ())
    return {one["name"] for one in found if one.get("version_info") != "uninitialized"}


@pytest.mark.parametrize("delta", [True, False])
async def test_a_certificate_is_rotated_under_load_and_is_its_owners_alone(delta: bool) -> None:
    with short() as directory:
        ca, secrets, keys = trustme.CA(), directory / "secrets", list[bytes]()
        own = directory / "resources" / "web-1"
        own.mkdir(parents=True)
        fronts = {"web": "tls", "other": "stolen", "nowhere": "missing"}
        listeners = [tls_listener(f, directory / f"{f}.sock", s, ADS) for s, f in fronts.items()]
        (own / "listeners.json").write_text(json.dumps({"listeners": listeners}))
        keys.append(issue(ca, secrets / "web-1" / "web"))
        keys.append(issue(ca, secrets / "web-2" / "other"))
        options = ("--resources", str(own.parent), "--secrets", str(secrets))
        socket = ("--xds-socket", str(directory / "ads.sock"))
        with Serving(directory / "state", *options, *socket) as server:
            with envoy(directory, "web-1", delta=delta) as proxy:
                await eventually(lambda: active(proxy) == {"web"}, "the own secret is here")
                load = TlsLoad(ca, directory / "tls.sock")
                await eventually(lambda: _connects(load), "Envoy listens")
                running = [asyncio.create_task(load.run(kept=kept)) for kept in (True, True, False)]
                for number in range(2, 7):
                    keys.append(issue(ca, secrets / "web-1" / "web"))
                    await eventually(
                        lambda number=number: len(load.serials) == number, f"{number} certificates"
                    )
                (secrets / "web-1" / "web" / "tls.key").write_bytes(keys[1])
                await eventually(
                    lambda: "is not the key of" in server.fsdn("status").stderr, "a wrong key"
                )
                await asyncio.sleep(0.3)
                load.stopping = True
                await asyncio.gather(*running)
                assert set(load.seen) == {"HTTP/1.1 200 OK"}, load.seen
                assert len(load.serials) == 6
                assert active(proxy) == {"web"}, "neither another's nor a missing one"
                shown = server.fsdn("proxy", "config", "web-1", "secrets", "-o", "json").stdout
                [told] = json.loads(shown)
                assert told["acked"]
                assert len(told["body"]["fingerprint"]) == 64
                admin = str(directory / "web-1.admin")
                compared = server.fsdn("proxy", "config", "web-1", "secrets", "--admin", admin)
                assert "web" in compared.stdout
                assert " same " in compared.stdout
                metrics = server.fsdn("proxy", "status").stdout + server.ask_text("/metrics")
                assert 'fsdn_secret_expiry_seconds{node="web-1",secret="web"}' in metrics
            shutil.rmtree(secrets / "web-1" / "web")
            await eventually(lambda: server.ask("/v1/folders")[1]["count"] == 1, "it is revoked")
            with envoy(directory, "web-1", delta=delta) as again:
                await eventually(lambda: "lds.update_success: 1" in again.ask("/stats"), "it is up")
                await asyncio.sleep(1)
                assert active(again) == set(), "a revoked secret is sent no more"
            assert server.stop() == 0
        _nowhere(keys, server.log, *(directory / "state").iterdir())


def _nowhere(keys: list[bytes], *files: Path) -> None:
    for file in files:
        text = file.read_bytes()
        for key in keys:
            assert key.splitlines()[1] not in text, file


async def test_without_a_certificate_there_are_no_secrets() -> None:
    with short() as directory:
        own, secrets = directory / "resources" / "web-1", directory / "secrets"
        own.mkdir(parents=True)
        listeners = [tls_listener("tls", directory / "tls.sock", "web", ADS)]
        (own / "listeners.json").write_text(json.dumps({"listeners": listeners}))
        issue(trustme.CA(), secrets / "web-1" / "web")
        options = ("--resources", str(own.parent), "--secrets", str(secrets))
        socket = ("--xds-socket", str(directory / "unused.sock"))
        with Serving(directory / "state", *options, *socket) as server:
            config = bootstrap(directory, "web-1", delta=True)
            _reach(config, server.port("xds"))
            with started(directory, "web-1", config) as proxy:
                await eventually(
                    lambda: "without a client certificate" in server.fsdn("status").stderr,
                    "the state says why",
                )
                assert active(proxy) == set()


@pytest.mark.parametrize("delta", [True, False])
async def test_a_proxy_that_wants_nothing_else_has_a_stream_of_secrets(delta: bool) -> None:
    with short() as directory:
        ca, secrets, server_ca = trustme.CA(), directory / "secrets", trustme.CA()
        issue(ca, secrets / "web-1" / "web")
        issue(ca, secrets / "web-2" / "other")
        issue(server_ca, directory / "server", "127.0.0.1")
        issue(server_ca, directory / "web-1", "web-1")
        server_ca.cert_pem.write_to_path(str(directory / "ca.pem"))
        own = directory / "server"
        options = (
            f"--tls-cert={own}/tls.crt",
            f"--tls-key={own}/tls.key",
            f"--tls-ca={directory}/ca.pem",
            "--secrets",
            str(secrets),
        )
        with _SilentServing(directory / "state", *options) as server:
            config = bootstrap(directory, "web-1", delta=delta)
            _reach(config, server.port("xds"), directory)
            ads = config.pop("dynamic_resources")["ads_config"]
            source = {"api_config_source": ads, "resource_api_version": "V3"}
            config["static_resources"]["listeners"] = [
                tls_listener("tls", directory / "tls.sock", "web", source),
                tls_listener("stolen", directory / "stolen.sock", "other", source),
            ]
            with started(directory, "web-1", config) as proxy:
                await eventually(lambda: active(proxy) == {"web"}, "the own secret is here")
                load = TlsLoad(ca, directory / "tls.sock")
                await eventually(lambda: _connects(load), "Envoy listens")
                issue(ca, secrets / "web-1" / "web")
                await eventually(
                    lambda: _connects(load, 2), "the next certificate without a restart"
                )
                assert active(proxy) == {"web"}


async def _connects(load: TlsLoad, certificates: int = 1) -> bool:
    _, writer = await load.connect()
    writer.close()
    return len(load.serials) >= certificates


class _SilentServing(Serving):
    """A server whose API demands certificates: its log tells that it is ready."""

    def _ready(self) -> bool:
        return (self.state / "endpoints.json").exists()


def _reach(config: dict[str, Any], port: int, tls: Path | None = None) -> None:
    """Let a bootstrap reach the server by TCP, and by mutual TLS with the files of a directory."""
    (xds,) = config["static_resources"]["clusters"]
    address = {"socket_address": {"address": "127.0.0.1", "port_value": port}}
    xds["load_assignment"]["endpoints"][0]["lb_endpoints"][0]["endpoint"]["address"] = address
    if tls is None:
        return
    own = {"certificate_chain": "tls.crt", "private_key": "tls.key"}
    files = {key: {"filename": str(tls / "web-1" / name)} for key, name in own.items()}
    context = {
        "@type": API + "extensions.transport_sockets.tls.v3.UpstreamTlsContext",
        "common_tls_context": {
            "tls_certificates": [files],
            "validation_context": {"trusted_ca": {"filename": str(tls / "ca.pem")}},
        },
    }
    xds["transport_socket"] = {"name": "tls", "typed_config": context}
