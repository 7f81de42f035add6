"""fsdn bootstrap: the configuration with which a proxy or gRPC client starts."""

from __future__ import annotations

from enum import StrEnum
from importlib import resources
from typing import TYPE_CHECKING, Annotated, Any

import typer

from xds_server.cli.exits import Exit, Fail
from xds_server.cli.output import write

if TYPE_CHECKING:  # half a second, which every other command would wait for
    from translators.envoy.bootstrap import TlsPaths


class Kind(StrEnum):
    """What the bootstrap is for."""

    NODE_PROXY = "node-proxy"
    NODE_PROXY_SOTW = "node-proxy-sotw"
    SIDECAR = "sidecar"
    GATEWAY = "gateway"
    GRPC_PROXYLESS = "grpc-proxyless"

    @property
    def file(self) -> str:
        """The name of its template in envoy_configs."""
        return f"{self}.{'json' if self is Kind.GRPC_PROXYLESS else 'yaml'}"


ADMIN = "9901"  # where Envoy's own examples have it
CERTIFICATE = "Client certificate chain (PEM), on the machine of the proxy."
KEY = "Private key (PEM) of that certificate."
AUTHORITY = "Authority (PEM) that the server's certificate is checked against."

Certificate = Annotated[str, typer.Option("--tls-cert", metavar="FILE", help=CERTIFICATE)]
Key = Annotated[str, typer.Option("--tls-key", metavar="FILE", help=KEY)]
Authority = Annotated[str, typer.Option("--tls-ca", metavar="FILE", help=AUTHORITY)]


def bootstrap(
    kind: Annotated[Kind, typer.Argument(help="What it is for; see the page on Envoy.")],
    node: Annotated[str, typer.Option(help="Node id: the name of the Host document.")],
    xds: Annotated[
        str, typer.Option(metavar="ADDRESS:PORT", help="The server's xDS listener; [v6]:PORT.")
    ],
    admin: Annotated[
        str,
        typer.Option(
            metavar="PORT|PATH", help="Envoy's admin interface: a loopback port or a Unix socket."
        ),
    ] = ADMIN,
    tls_cert: Certificate = "",
    tls_key: Key = "",
    tls_ca: Authority = "",
    relay: Annotated[
        str,
        typer.Option(
            metavar="PATH", help="Unix socket that leads to the server, if no route does."
        ),
    ] = "",
    hds: Annotated[
        bool,
        typer.Option("--hds", help="Let an Envoy check endpoints for all others, as it is told."),
    ] = False,
) -> None:
    """Print the configuration with which a proxy, or a gRPC client, starts."""
    host, port = _address(xds)
    template = resources.files("envoy_configs").joinpath(kind.file).read_text()
    if not node:
        raise Fail("--node is empty, give the name of the Host document", Exit.USAGE)
    if kind is Kind.GRPC_PROXYLESS and (relay or hds):
        option = "--relay" if relay else "--hds"
        raise Fail(f"{option} is of proxies, leave it out for grpc-proxyless", Exit.USAGE)
    text = _filled(
        template,
        node=node,
        controller_host=host,
        controller_port=port,
        admin=_port(admin, "--admin") if admin.isdecimal() else admin,
        tls=tls_paths(tls_cert, tls_key, tls_ca),
        relay=relay or None,
        hds=hds,
    )
    write(text.rstrip("\n"))


def _filled(template: str, **places: Any) -> str:
    from translators.envoy.bootstrap import bootstrap as filled

    return filled(template, **places)


def tls_paths(certificate: str, key: str, authority: str) -> TlsPaths | None:
    """Return a proxy's TLS files, or None if none is given; raise Fail for a part of them."""
    from translators.envoy.bootstrap import TlsPaths

    given = (certificate, key, authority)
    if not any(given):
        return None
    if not all(given):
        raise Fail("--tls-cert, --tls-key and --tls-ca belong together, give all three", Exit.USAGE)
    return TlsPaths(certificate, key, authority)


def _address(text: str) -> tuple[str, int]:
    host, _, port = text.rpartition(":")
    host = host.removeprefix("[").removesuffix("]")
    if not host or not port.isdecimal():
        message = f"--xds {text!r} has no port or no host, write 192.0.2.10:18000 or [::1]:18000"
        raise Fail(message, Exit.USAGE)
    return host, _port(port, "--xds")


def _port(text: str, option: str) -> int:
    if len(text) > 5 or int(text) > 65535:
        raise Fail(f"{option}: {text} is no port, give one up to 65535", Exit.USAGE)
    return int(text)
