"""Traces as a bridge prints them that does just what was simulated."""

from __future__ import annotations

from translators.openflow.fields import ETH_DST, IPV4_DST, TCP_DST, TUN_DST, TUN_ID
from translators.openflow.flow import Output
from translators.openflow.render import render_match
from translators.openflow.simulate import Trace


def printed(trace: Trace) -> str:
    """Return a trace as a bridge that does just this would print it."""
    lines = ['Flow: tcp\n\nbridge("br-int")']
    for flow in trace.flows:
        tests = render_match(flow.match).replace("ip_src", "nw_src").replace("ip_dst", "nw_dst")
        lines.append(f"{flow.table:2}. {tests}, priority {flow.priority}, cookie {flow.cookie:#x}")
        outputs = (act for act in flow.actions if isinstance(act, Output))
        lines += [f"    output:{act.port}" for act in outputs]
    left = trace.frame
    fields = [(TUN_DST, "tun_dst"), (ETH_DST, "dl_dst"), (IPV4_DST, "nw_dst"), (TCP_DST, "tp_dst")]
    lines.append(f"    set_field:{left.get(TUN_ID, 0):#x}->tun_id")
    lines.append(
        "Final flow: " + ",".join(f"{n}={f.text(left[f])}" for f, n in fields if f in left)
    )
    return "\n".join([*lines, f"Datapath actions: {'drop' if trace.output is None else 1}"])
