"""Plan to OpenFlow: each host's bridge as tables of flows, as text, as bytes and explained."""

from translators.openflow.cookie import origin_of, rule_of
from translators.openflow.encode import encode
from translators.openflow.explain import explain, explain_upstream
from translators.openflow.flow import Program
from translators.openflow.render import render
from translators.openflow.translate import missing_ports, translate

__all__ = [
    "Program",
    "encode",
    "explain",
    "explain_upstream",
    "missing_ports",
    "origin_of",
    "render",
    "rule_of",
    "translate",
]
