"""fsdn explain: what happens to a packet or a request, one row a layer, and which line decides."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from xds_server.cli import client
from xds_server.cli.exits import Exit, Fail
from xds_server.cli.live import show
from xds_server.cli.output import Form, Output, say, structured, under, write

Tcp = Annotated[int | None, typer.Option(min=1, max=65535, help="Destination port, by TCP.")]
Udp = Annotated[int | None, typer.Option(min=1, max=65535, help="Destination port, by UDP.")]

Headers = Annotated[
    list[str] | None, typer.Option("-H", "--header", help="Of the request, as k=v or k: v.")
]
Live = Annotated[
    bool, typer.Option("--live", help="Ask the bridges too, and compare table by table.")
]
Established = Annotated[
    bool, typer.Option("--established", help="With --live: a packet of a connection that stands.")
]


def explain(
    source: Annotated[str, typer.Argument(help="Workload, as tenant/name or name.")],
    destination: Annotated[str, typer.Argument(help="Workload, service, host name or address.")],
    tcp: Tcp = None,
    udp: Udp = None,
    icmp: Annotated[bool, typer.Option("--icmp", help="Ask about a ping.")] = False,
    http: Annotated[str, typer.Option(help="A request, such as 'GET /path' or '/path'.")] = "",
    header: Headers = None,
    host: Annotated[str, typer.Option(help="Host of the request.", show_default="service's")] = "",
    tenant: Annotated[str, typer.Option("-t", "--tenant", help="Where names belong to.")] = "",
    ipv6: Annotated[bool, typer.Option("--ipv6", "-6", help="Ask about IPv6.")] = False,
    offline: Annotated[bool, typer.Option("--offline", help="From the files of -f.")] = False,
    file: Annotated[list[str] | None, typer.Option("-f", "--file", help="With --offline.")] = None,
    live: Live = False,
    established: Established = False,
    output: Output = Form.TABLE,
) -> None:
    """Explain a connection or request; exit 0 if it is allowed, 3 if it is denied.

    With --live, exit 7 if a bridge does something else than is predicted.
    """
    if (established and not live) or (live and (offline or file)):
        raise Fail("--established goes with --live, and --offline does not", Exit.USAGE)
    asked: dict[str, Any] = {
        "source": source,
        "destination": destination,
        "tenant": tenant,
        "host": host,
    }
    asked |= _transport(tcp, udp, icmp, http)
    asked |= {"family": "6" if ipv6 else "", "header": [_header(one) for one in header or []]}
    if live:
        _live({**asked, "established": established}, output)
        return
    told = _offline(asked, file or []) if offline or file else client.get("/v1/explain", asked)
    if output is Form.NAME:
        write(told["rule"])
    elif not structured(told, output):
        _show(told, output)
    _end(told)


def _live(asked: dict[str, Any], output: Form) -> None:
    told = client.get("/v1/explain/live", asked)
    if output is Form.NAME:
        for bridge in told["bridges"]:
            if not bridge["same"]:
                write(bridge["device"])
    elif not structured(told, output):
        _show(told["explanation"], output)
        show(told, output)
    if not told["same"]:
        raise typer.Exit(Exit.DIFFERENT)
    _end(told["explanation"])


def _end(told: dict[str, Any]) -> None:
    if told["action"] == "deny":
        raise typer.Exit(Exit.DENIED)


def _transport(tcp: int | None, udp: int | None, icmp: bool, http: str) -> dict[str, Any]:
    if sum((tcp is not None, udp is not None, icmp)) > 1 or (http and (udp or icmp)):
        raise Fail("ask about one of --tcp, --udp and --icmp; --http goes with --tcp", Exit.USAGE)
    asked: dict[str, Any] = {}
    if tcp is not None:
        asked = {"protocol": "tcp", "port": tcp}
    elif udp is not None:
        asked = {"protocol": "udp", "port": udp}
    elif icmp:
        asked = {"protocol": "icmp"}
    if http:
        first, _, rest = http.strip().partition(" ")
        method, path = ("GET", first) if first.startswith("/") else (first, rest.strip() or "/")
        asked |= {"method": method, "path": path}
    return asked


def _header(text: str) -> str:
    marks = [(text.index(mark), mark) for mark in "=:" if mark in text]
    if not marks:
        raise Fail(f"the header {text!r} has no value, write it as name=value", Exit.USAGE)
    name, _, value = text.partition(min(marks)[1])
    return f"{name.strip()}:{value.strip()}"


def _offline(asked: dict[str, Any], names: list[str]) -> Any:
    from xds_server.api.asking import Asked, answer
    from xds_server.cli.offline import plan_of
    from xds_server.controller.errors import NotFoundError

    plan = plan_of(names)
    try:
        return answer(plan, Asked.model_validate(asked)).model_dump()
    except NotFoundError as error:
        raise Fail(str(error), Exit.REFUSED) from error


def _show(told: dict[str, Any], form: Form) -> None:
    for step in told["steps"]:
        decides = " ".join(part for part in (step["rule"], f"({step['origin']})") if part != "()")
        say(f"{step['layer']:8} {step['verdict']:6} {step['device']}  {decides}".rstrip())
        under(step["reason"])
        native = step["native"].splitlines() or [""]
        for line in native if form is Form.WIDE else native[:1]:
            under(line)
    by = f" by {told['rule']}" if told["rule"] else ""
    steered = ", as far as the proxy, which decides on each request" if told["steered"] else ""
    say(f"{told['source']} -> {told['destination']}: {told['action']}{steered}")
    say(f"decided in the {told['layer']}{by}: {told['reason']}")
    if told["targets"]:
        stays = ", always the same for a client's address" if told["affinity"] else ""
        say(f"to {', '.join(told['targets'])}{stays}")
