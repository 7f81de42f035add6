"""What the bridges do with a packet, row by row, each with the flow that decides."""

from __future__ import annotations

from collections.abc import Iterator

from translators.openflow.cookie import Cause, cause_of, origin_of, rule_of
from translators.openflow.drops import REASONS
from translators.openflow.flow import Flow, Program
from translators.openflow.frames import (
    from_proxy,
    from_tunnel,
    from_workload,
    receiver_of,
    synthetic_ports,
)
from translators.openflow.kept import KeptPrograms
from translators.openflow.lookup import Frame, Lookup
from translators.openflow.render import render_flow
from translators.openflow.simulate import Find, Trace, simulate
from translators.openflow.tables import Table
from translators.openflow.translate import translate
from translators.plan.evaluate import Packet
from translators.plan.explanation import Step
from translators.plan.model import Action, Host, Plan

_REASONS = {
    **REASONS,
    Cause.STEER: "it goes to the host's proxy",
    Cause.SHAPE: "the rule that admits it limits or marks it",
    Cause.MIRROR: "the rule that admits it has it copied",
    Cause.AUDIT: "a rule counts it, and those after it decide",
    Cause.GATEWAY: "the bridge itself answers pings of a gateway",
    Cause.DHCP: "DHCP and the segment's server",
}
_QUEUES = "the rule that admits it lets what follows wait in a queue of each receiver's port"
_PROGRAMS = KeptPrograms(
    lambda plan, host: Lookup(translate(plan, host, synthetic_ports(plan, host)))
)
_BESIDE = {
    Cause.AUDIT: "audit",
    Cause.SHAPE: "shape",
    Cause.MIRROR: "mirror",
}  # what decides nothing
_DECIDING = (Table.DHCP, Table.POLICY, Table.PROXY, Table.ARRIVAL)


def explain(plan: Plan, packet: Packet) -> tuple[Step, ...]:
    """Return the rows for a connection's first packet: the source's bridge, the destination's.

    Where a service has several endpoints, the first that may be reached is shown. A steered packet
    has one row; ``explain_upstream`` gives those of the connection that the proxy then opens.
    """
    host = plan.host[plan.endpoint[packet.endpoint].host]
    ports = synthetic_ports(plan, host.name)
    return tuple(_rows(plan, host, from_workload(plan, packet, ports)))


def explain_upstream(plan: Plan, packet: Packet) -> tuple[Step, ...]:
    """Return the rows for a connection that the proxy opens in the name of ``packet.endpoint``."""
    host = plan.host[plan.endpoint[packet.endpoint].host]
    ports = synthetic_ports(plan, host.name)
    return tuple(_rows(plan, host, from_proxy(plan, packet, ports)))


def _rows(plan: Plan, host: Host, frame: Frame) -> Iterator[Step]:
    ports = synthetic_ports(plan, host.name)
    known = _PROGRAMS.of(plan, host.name)
    trace = first_choice(known.program, frame, known.find)
    yield from _counted(plan, host, trace)
    yield _row(plan, host, trace)
    if trace.output != ports[host.tunnel_port]:
        return
    receiver = receiver_of(plan, trace.frame)
    if receiver is not None:
        there = synthetic_ports(plan, receiver.name)
        arrived = from_tunnel(trace.frame, host, receiver, there)
        known = _PROGRAMS.of(plan, receiver.name)
        yield _row(plan, receiver, simulate(known.program, arrived, finding=known.find))


def first_choice(program: Program, frame: Frame, finding: Find | None = None) -> Trace:
    """Return the first choice of endpoint that is let through, or else the first."""
    most = max((len(group.buckets) for group in program.groups), default=1)
    traces = [simulate(program, frame, finding=finding)]
    if any(flow.table == Table.BALANCE for flow in traces[0].flows):
        others = range(1, most)
        traces += [simulate(program, frame, bucket, finding=finding) for bucket in others]
    return next((trace for trace in traces if trace.output is not None), traces[0])


def _counted(plan: Plan, host: Host, trace: Trace) -> Iterator[Step]:
    """Yield a row for each audit that counts the packet, and for the shape that it gets."""
    for flow in trace.flows:
        if (cause := cause_of(flow.cookie)) in _BESIDE:
            yield _step(plan, host, flow, _BESIDE[cause])


def _row(plan: Plan, host: Host, trace: Trace) -> Step:
    return _step(plan, host, _deciding(trace), _verdict(trace))


def _step(plan: Plan, host: Host, flow: Flow, verdict: str) -> Step:
    rule = rule_of(plan, flow.cookie)
    origin = origin_of(plan, flow.cookie)
    return Step(
        layer="vswitch",
        device=f"{host.name}/{host.bridge}",
        verdict=verdict,
        native=render_flow(flow),
        rule=rule.name if rule is not None else "",
        origin=str(origin) if origin is not None else "",
        reason=_reason(plan, flow),
    )


def _verdict(trace: Trace) -> str:
    if trace.output is None:
        return "deny"
    return "steer" if trace.at(Table.STEER) is not None else "allow"


def _deciding(trace: Trace) -> Flow:
    """Return the flow that decides: what dropped it, captured it, or the last that admitted it."""
    if trace.output is None:
        return trace.decided
    captured = trace.at(Table.BALANCE)
    if trace.at(Table.STEER) is not None and captured is not None:
        return captured
    met = [flow for flow in trace.flows if flow.table in _DECIDING]
    return met[-1] if met else trace.decided


def _reason(plan: Plan, flow: Flow) -> str:
    cause, number = cause_of(flow.cookie), flow.cookie & 0xFFFFFFFF
    if cause is Cause.RULE:
        return "a rule denies it" if flow.drops else "a rule allows it"
    if cause is Cause.CAPTURE:
        rule = rule_of(plan, flow.cookie)
        found = (c.reason for c in plan.captures if rule is not None and c.rule == rule.name)
        return next(found, "")
    if cause is Cause.DEFAULT:
        default = next((t.default for t in plan.tenants if t.number == number), Action.DENY)
        return f"no rule matches; the tenant's default is {default}"
    if cause is Cause.SHAPE and (rule := rule_of(plan, flow.cookie)) is not None and rule.shape:
        return _QUEUES if rule.shape.queue else _REASONS[cause]
    if cause is Cause.PROXY:
        return "the proxy reaches what its clients are captured for"
    return _REASONS.get(cause or Cause.NONE, "")
