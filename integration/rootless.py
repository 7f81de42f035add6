"""What the demo can show without root: the server, an Envoy and HTTP servers, all on loopback.

A user namespace gives an ordinary user a loopback interface of their own, on which the shop's
addresses can stand. Envoy is then told the same, by the same server, as on a host with a bridge.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from importlib import resources
from pathlib import Path

from rich.console import Console

from integration.bed.build import SERVER_PORT, Bed, until
from integration.bed.controller import XDS
from integration.bed.layout import Layout
from integration.bed.netns import BedError, Namespace, run
from integration.bed.traffic import ask
from integration.demo.proving import Proof, prove, step, summary
from integration.scenarios import requests, survival
from integration.scenarios.shop import EXAMPLES, REVIEWS, WEB, service_url, shop_plan
from translators.envoy.bootstrap import bootstrap
from translators.plan.model import Address, Plan

OWN = ("unshare", "--user", "--map-root-user", "--net", "--pid", "--fork", "--kill-child")
LEFT_OUT = """\
[yellow]Left out without root:[/] the bridges (L4 denials, isolation, capture and bypass), tunnels
and the leaf-spine fabric with EVPN. To see them: run it as root, or with password-less sudo."""
PROOFS: tuple[Proof, ...] = (
    ("web reads reviews", requests.proxied),
    ("over IPv6", requests.proxied_by_six),
    ("by header", requests.by_header),
    ("1,000 requests", lambda bed: requests.split(bed, 0.1)),
    ("changing the split under load", survival.moved),
    ("1,000 requests", lambda bed: requests.split(bed, 0.5)),
    ("a path that is denied", requests.denied),
    ("kill -9 of the server", survival.server_killed),
)


@dataclass(frozen=True, slots=True, order=True)
class Here(Namespace):
    """The namespace that we are in already."""

    def command(self, *argv: str) -> list[str]:
        """Return the command line as it is."""
        return list(argv)

    def ip(self, *lines: str) -> None:
        """Feed lines to one ``ip -batch`` here."""
        run(["ip", "-batch", "-"], text="\n".join(lines) + "\n")


@dataclass(frozen=True, slots=True)
class Loopback(Layout):
    """The shop on one loopback interface: everything is here, and only host1's proxy runs."""

    short: Path = Path("/tmp")

    def namespace(self, *parts: str) -> Namespace:
        """Return where we are, whoever is asked for."""
        return Here("-".join(parts))

    @property
    def controller(self) -> str:
        """The controller's address."""
        return "127.0.0.1"

    @property
    def devices(self) -> tuple[str, ...]:
        """The only device that runs."""
        return ("proxy/host1",)

    @property
    def run(self) -> Path:
        """A short directory, for sockets."""
        return self.short


def enter(root: Path, console: Console) -> int:
    """Show it in namespaces of our own: every process ends with them. ``root`` is for logs."""
    if subprocess.run([*OWN, "true"], capture_output=True, check=False).returncode:
        console.print(
            "[bold red]✗[/] there is neither root nor a user namespace here: run it as root, or"
            " allow user namespaces (sysctl user.max_user_namespaces=10000)"
        )
        return 1
    argv = [*OWN, sys.executable, "-m", "integration.rootless", "--inside", str(root)]
    return subprocess.run(argv, check=False).returncode


def show(root: Path, console: Console) -> int:
    """Raise what can be raised, prove it, and say what was left out."""
    shutil.rmtree(root, ignore_errors=True)
    root.mkdir(parents=True)
    with tempfile.TemporaryDirectory(prefix="fsdn") as short:
        bed = Bed(Loopback(shop_plan(), "fsdn", root, Path(short)))
        with step(console, "the shop's addresses and servers on a loopback of our own"):
            _address(bed.layout.plan)
            _serve(bed)
        with step(console, "fsdn serve, fsdn apply -f examples/shop, Envoy by delta ADS"):
            bed.server = bed.controller.start()
            bed.controller.fsdn("apply", "-f", str(EXAMPLES), "--wait", "compiled")
            _proxy(bed)
            until(lambda: _answers(bed), "reviews does not answer web")
        rows = prove(bed, PROOFS, console)
    console.print(LEFT_OUT)
    return summary(rows, root, console)


def _address(plan: Plan) -> None:
    """Put every address on the loopback; whoever speaks to a service is web."""
    here = Here("here")
    own = {a.version: a for a in plan.endpoint[WEB].addresses}
    workloads = [a for endpoint in plan.endpoints for a in endpoint.addresses]
    vips = [vip for service in plan.services for vip in service.vips]
    here.ip(
        "link set lo up",
        *(_added(a) for a in workloads),
        *(f"route add local {v} dev lo table local src {own[v.version]}" for v in vips),
    )


def _added(address: Address) -> str:
    """Duplicate address detection would make an IPv6 address usable a moment later only."""
    detection = " nodad" if address.version == 6 else ""
    return f"addr add {address}/{address.max_prefixlen} dev lo{detection}"


def _serve(bed: Bed) -> None:
    for endpoint in bed.layout.plan.endpoints:
        name = endpoint.name.partition("/")[2]
        hosts = [f"--host={address}" for address in endpoint.addresses]
        argv = [sys.executable, "-m", "integration.bed.server", name, f"--port={SERVER_PORT}"]
        Here(name).spawn([*argv, *hosts], bed.layout.root / f"{name}.log")


def _proxy(bed: Bed) -> None:
    directory = bed.layout.directory("host1") / "agent"
    directory.mkdir(parents=True)
    template = resources.files("envoy_configs").joinpath("node-proxy.yaml").read_text()
    text = bootstrap(
        template,
        node="host1",
        controller_host=bed.layout.controller,
        controller_port=XDS,
        admin=str(directory / "admin.sock"),
    )
    config = directory / "envoy.yaml"
    config.write_text(text)
    envoy = str(Path(sys.executable).with_name("envoy"))
    argv = [envoy, "-c", str(config), "--concurrency", "1", "--disable-hot-restart"]
    Here("host1").spawn(argv, bed.layout.root / "envoy.log")


def _answers(bed: Bed) -> bool:
    return ask(Here("web"), service_url(bed, REVIEWS), timeout=1.0).statuses == {"200": 1}


def main() -> int:
    """Enter namespaces of our own, unless we are inside already."""
    console = Console(highlight=False)
    *inside, root = sys.argv[1:]
    try:
        return (show if inside else enter)(Path(root), console)
    except BedError as error:
        console.print(f"[bold red]✗[/] {error}", markup=True, soft_wrap=True)
        return 1


if __name__ == "__main__":
    sys.exit(main())
