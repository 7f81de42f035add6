"""Programs as text in ``ovs-ofctl`` syntax (ovs-ofctl(8), ovs-actions(7)), one line each."""

from __future__ import annotations

from collections.abc import Iterable

from translators.openflow.fields import CT_FLAGS, CT_STATE, ETH_TYPE, TCP_FLAGS, Field
from translators.openflow.flow import (
    PUNTED,
    Act,
    Conjunction,
    DecTtl,
    Flow,
    Group,
    Match,
    Meter,
    Metered,
    Move,
    Nat,
    Output,
    Program,
    Punt,
    Queued,
    Reflect,
    Resubmit,
    SetField,
    ToGroup,
    Track,
)

_TCP_FLAG_NAMES = ((0x002, "syn"), (0x004, "rst"), (0x010, "ack"))


def render(program: Program) -> str:
    """Return lines for ``ovs-ofctl bundle``: groups first, then flows, in the program's order.

    Meters stand above as comments: a bundle takes none (``ovs-ofctl add-meter`` does).
    """
    limits = [f"# {render_meter(meter)}" for meter in program.meters]
    groups = [f"group {render_group(group)}" for group in program.groups]
    return "".join(
        f"{line}\n" for line in limits + groups + [f"flow {render_flow(f)}" for f in program.flows]
    )


def render_flow(flow: Flow) -> str:
    """Return one flow as text."""
    head = f"cookie={flow.cookie:#x},table={flow.table},priority={flow.priority}"
    tests = render_match(flow.match)
    parts = [*_actions(flow.actions), *([f"goto_table:{flow.goto}"] if flow.goto else [])]
    return f"{head}{',' if tests else ''}{tests} actions={','.join(parts) or 'drop'}"


def render_group(group: Group) -> str:
    """Return one group as text."""
    buckets = [
        f"bucket=bucket_id:{b.number},weight:{b.weight},actions={','.join(_actions(b.actions))}"
        for b in group.buckets
    ]
    names = ",".join(field.name for field in group.fields)
    method = f"hash,fields({names})" if names else "dp_hash"
    head = f"group_id={group.number},type=select,selection_method={method}"
    return ",".join([head, *buckets])


def render_meter(meter: Meter) -> str:
    """Return one meter as text, as ``ovs-ofctl add-meter`` takes it."""
    band = f"type=drop,rate={meter.rate},burst_size={meter.burst}"
    return f"meter={meter.number},kbps,burst,stats,band={band}"


def render_match(tests: Match) -> str:
    """Return a match as text."""
    return ",".join(_test(field, value, mask) for field, value, mask in tests)


def _test(field: Field, value: int, mask: int | None) -> str:
    if field is ETH_TYPE:
        return f"eth_type={value:#06x}"
    if field is CT_STATE and mask is not None:
        return f"ct_state={_flags(CT_FLAGS, value, mask)}"
    if field is TCP_FLAGS and mask is not None:
        return f"tcp_flags={_flags(_TCP_FLAG_NAMES, value, mask)}"
    text = f"{field.name}={field.text(value)}"
    return text if mask is None else f"{text}/{field.text(mask)}"


def _flags(names: Iterable[tuple[int, str]], value: int, mask: int) -> str:
    return "".join(f"{'+' if value & bit else '-'}{name}" for bit, name in names if mask & bit)


def _actions(actions: Iterable[Act]) -> list[str]:
    return [render_action(action) for action in actions]


def render_action(action: Act) -> str:
    """Return one action as text."""
    match action:
        case SetField(field, value):
            return f"set_field:{field.text(value)}->{field.name}"
        case Move(source, target, bits, first, to):
            return f"move:{_slice(source, bits, first)}->{_slice(target, bits, to)}"
        case Output(port):
            return f"output:{port}"
        case Resubmit(table):
            return f"resubmit(,{table})"
        case ToGroup(number) | Metered(number) | Queued(number):
            return f"{_NUMBERED[type(action)]}:{number}"
        case Conjunction(number, clause, clauses):
            return f"conjunction({number},{clause + 1}/{clauses})"
        case Track():
            return _track(action)
        case Reflect() | DecTtl() | Punt():
            return _PLAIN[type(action)]


_NUMBERED = {ToGroup: "group", Metered: "meter", Queued: "set_queue"}
_PLAIN = {Reflect: "in_port", DecTtl: "dec_ttl", Punt: f"controller(max_len={PUNTED})"}


def _slice(field: Field, bits: int, first: int) -> str:
    last = first + bits - 1
    return f"{field.nxm}[]" if bits == field.width else f"{field.nxm}[{first}..{last}]"


def _track(action: Track) -> str:
    parts = ["commit"] if action.commit else []
    if action.table is not None:
        parts.append(f"table={action.table}")
    parts.append("zone=NXM_NX_REG0[0..15]")
    if action.nat is not None:
        parts.append(_nat(action.nat))
    if action.execute:
        parts.append(f"exec({','.join(_actions(action.execute))})")
    return f"ct({','.join(parts)})"


def _nat(nat: Nat) -> str:
    if nat.address is None:
        return "nat"
    address = f"[{nat.address}]" if nat.address.version == 6 else str(nat.address)
    return f"nat(src={nat.address})" if nat.source else f"nat(dst={address}:{nat.port})"
