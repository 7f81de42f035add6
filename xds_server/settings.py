"""Settings from the environment (FSDN_*) and the command line; the docs are made of them."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from pathlib import Path

from pydantic import Field

from xds_server.bridge_settings import BridgeSettings
from xds_server.defaults import API_PORT, OPENFLOW_PORT, OVSDB_PORT, XDS_PORT, default_state
from xds_server.xds_settings import XdsSettings


class SettingsError(Exception):
    """A setting is wrong; the text is one sentence that says how to mend it."""


@dataclass(frozen=True, slots=True)
class Listen:
    """An address and port to listen on; port 0 lets the system choose."""

    host: str
    port: int

    @property
    def loopback(self) -> bool:
        """Whether only this machine can reach it."""
        if self.host == "localhost":
            return True
        try:
            return ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            return False

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


def parse_listen(text: str) -> Listen:
    """Return the address of ``host:port`` or ``[v6]:port``; raise SettingsError otherwise."""
    host, _, port = text.rpartition(":")
    host = host.removeprefix("[").removesuffix("]")
    if not host or not port.isdecimal() or int(port) > 65535:
        raise SettingsError(
            f"{text!r} is no address to listen on, write it as 127.0.0.1:8600 or [::1]:8600"
        )
    return Listen(host, int(port))


class ServerSettings(XdsSettings, BridgeSettings):
    """Settings of ``fsdn serve``."""

    state: Path = Field(
        default_factory=default_state,
        description="Directory of the database, the token and the chosen ports; made if missing, "
        "readable by its owner only.",
    )
    listen_api: str = Field(
        default=f"127.0.0.1:{API_PORT}",
        description="Address of the REST API; port 0 lets the system choose.",
    )
    listen_health: str = Field(
        default="",
        description="Address that answers /healthz and /readyz by plain HTTP, without details, to "
        "probes that have no certificate; empty for none.",
    )
    xds: str = Field(
        default=f"127.0.0.1:{XDS_PORT}",
        description="Address that proxies get their xDS resources from.",
    )
    xds_socket: Path | None = Field(
        default=None,
        description="Path of a Unix socket for proxies of the server's own user, beside --xds; "
        "whoever connects there may speak for every proxy.",
    )
    xds_workers: int = Field(
        default=1,
        ge=1,
        le=64,
        description="Processes that serve proxies; from 2 on each is a process of its own, for "
        "more proxies than one core can serve.",
    )
    openflow: str = Field(
        default=f"127.0.0.1:{OPENFLOW_PORT}",
        description="Address that bridges connect to by OpenFlow.",
    )
    ovsdb: str = Field(
        default=f"127.0.0.1:{OVSDB_PORT}", description="Address that vswitches connect to by OVSDB."
    )
    database: str = Field(
        default="",
        description="SQLAlchemy URL of the database; empty for the file fsdn.db in the state "
        "directory.",
    )
    tls_cert: Path | None = Field(
        default=None, description="Certificate chain (PEM) of every listener."
    )
    tls_key: Path | None = Field(default=None, description="Private key (PEM) of the certificate.")
    tls_ca: Path | None = Field(
        default=None, description="Authorities (PEM) whose certificates clients must present."
    )
    insecure: bool = Field(
        default=False,
        description="Listen on other addresses than loopback without TLS; for test beds.",
    )
    log_format: str = Field(default="console", description="Form of the log: console or json.")
    log_level: str = Field(
        default="info", description="Least level logged: debug, info, warning, error."
    )
    envoy: str = Field(
        default="auto",
        description="Envoy binary that validates what proxies would be sent, before every change; "
        "auto takes the envoy on the PATH if there is one, none validates nothing.",
    )
    resources: Path | None = Field(
        default=None,
        description="Folder of plain Envoy resources (YAML or JSON) to serve: its files to every "
        "proxy, those of a folder in it to the proxy of that node id.",
    )
    secrets: Path | None = Field(
        default=None,
        description="Folder of secrets, NODE/NAME/ with tls.crt and tls.key, ca.crt, or generic, "
        "each served to its node only, over mutual TLS or the Unix socket.",
    )
    body_limit: int = Field(
        default=20_000_000, gt=0, description="Largest request body that the API accepts, in bytes."
    )

    metrics_open: bool = Field(
        default=False,
        description="Answer GET /metrics without the token, to whoever reaches the API.",
    )
    access_logs: bool = Field(
        default=False,
        description="Let every proxy report each request to the controller, for fsdn observe.",
    )

    @property
    def database_url(self) -> str:
        """The database to open."""
        return self.database or f"sqlite+aiosqlite:///{self.state.resolve() / 'fsdn.db'}"

    @property
    def health(self) -> Listen | None:
        """The address for probes, if there is one."""
        return parse_listen(self.listen_health) if self.listen_health else None

    @property
    def listeners(self) -> dict[str, Listen]:
        """The four addresses, by the name of their option."""
        return {
            "api": parse_listen(self.listen_api),
            "xds": parse_listen(self.xds),
            "openflow": parse_listen(self.openflow),
            "ovsdb": parse_listen(self.ovsdb),
        }

    def _socket_of_many(self) -> str:
        if self.xds_workers == 1 or self.xds_socket is None:
            return ""
        return (
            "--xds-socket is for one process: give no --xds-workers, or let those proxies use the "
            "address of --xds"
        )

    def _silent_probes(self) -> str:
        if self.health is None or self.health.port:
            return ""
        return "--health needs a port that probes know, write it as 127.0.0.1:8601"

    def check(self) -> None:
        """Raise SettingsError if the settings are unsafe or contradict each other."""
        if (self.tls_cert is None) != (self.tls_key is None):
            raise SettingsError("--tls-cert and --tls-key belong together, give both or neither")
        if self.tls_ca is not None and self.tls_cert is None:
            raise SettingsError("--tls-ca needs --tls-cert and --tls-key beside it")
        self._check_paths()
        if self.log_format not in ("console", "json"):
            raise SettingsError(f"the log format {self.log_format!r} is neither console nor json")
        own = self._socket_of_many() or self._silent_probes()
        if wrong := self.complaint() or own or self.bridge_complaint():
            raise SettingsError(wrong)
        open_ones = [f"--{n} {a}" for n, a in self.listeners.items() if not a.loopback]
        if open_ones and self.tls_cert is None and not self.insecure:
            raise SettingsError(
                f"{', '.join(open_ones)} can be reached from other machines: give --tls-cert and "
                "--tls-key, or --insecure if this is a test bed"
            )

    def _check_paths(self) -> None:
        if self.envoy not in ("auto", "none") and not Path(self.envoy).is_file():
            raise SettingsError(
                f"there is no file {self.envoy}, give the path of an Envoy binary, auto or none"
            )
        for name, folder in (("resources", self.resources), ("secrets", self.secrets)):
            if folder is not None and not folder.is_dir():
                raise SettingsError(f"there is no folder {folder}, make it or check --{name}")
        for path in (self.tls_cert, self.tls_key, self.tls_ca):
            if path is not None and not path.is_file():
                raise SettingsError(f"there is no file {path}, check the --tls options")
        if self.secrets is not None and self.tls_ca is None and self.xds_socket is None:
            raise SettingsError(
                "--secrets are only sent to proxies that prove who they are: give --tls-ca, or "
                "--xds-socket for those of this user"
            )
