"""The log: how it is written, and what of the devices' evidence goes into it."""

from __future__ import annotations

import logging
import sys
from collections.abc import Iterable
from itertools import groupby

import structlog

from xds_server.snapshots.evidence import (
    Acked,
    Connected,
    Disconnected,
    Evidence,
    Nacked,
    Offered,
    PortsChanged,
    Warned,
)

_log = structlog.get_logger("fsdn.device")


def configure(form: str, level: str) -> None:
    """Log to standard error, as coloured text on a terminal or as one JSON object a line."""
    number = logging.getLevelNamesMapping().get(level.upper(), logging.INFO)
    logging.basicConfig(level=max(number, logging.WARNING), stream=sys.stderr, format="%(message)s")
    last: structlog.typing.Processor = (
        structlog.processors.JSONRenderer()
        if form == "json"
        else structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())
    )
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.dict_tracebacks if form == "json" else structlog.dev.set_exc_info,
            last,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(number),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )


def record_all(heard: Iterable[Evidence]) -> None:
    """Write down what devices told us together; equal acknowledgements are one line.

    It names the ``devices`` where there are several.
    """
    debugs = _log.is_enabled_for(logging.DEBUG)
    told = heard if debugs else (one for one in heard if not isinstance(one, Offered))
    for same, found in groupby(told, _acknowledged):
        if same is None:
            for evidence in found:
                record(evidence)
            continue
        devices = [str(one.device) for one in found]
        if len(devices) == 1:
            _log.info("acked", device=devices[0], **_shown(same))
        else:
            _log.info("acked", devices=devices, **_shown(same))


def _acknowledged(evidence: Evidence) -> tuple[str, str, int] | None:
    """Return what acknowledgements of one line have in common; None for other evidence."""
    if not isinstance(evidence, Acked):
        return None
    return evidence.type, evidence.version, evidence.written


def _shown(same: tuple[str, str, int]) -> dict[str, str | int]:
    return dict(zip(("type", "version", "written"), same, strict=True))


def record(evidence: Evidence) -> None:
    """Write down what a device told us; refusals as warnings, offers only for debugging."""
    device = str(evidence.device)
    match evidence:
        case Connected(detail=detail):
            _log.info("connected", device=device, detail=detail)
        case Disconnected(reason=reason):
            _log.info("disconnected", device=device, reason=reason)
        case Offered(type=kind, version=version):
            _log.debug("offered", device=device, type=kind, version=version)
        case Acked(type=kind, version=version, written=written):
            _log.info("acked", device=device, type=kind, version=version, written=written)
        case Nacked(type=kind, version=version, reason=reason, origin=origin):
            _log.warning(
                "refused", device=device, type=kind, version=version, reason=reason, origin=origin
            )
        case PortsChanged(ports=ports):
            _log.debug("ports", device=device, ports=dict(sorted(ports.items())))
        case Warned(warning="", topic=topic):
            _log.info("warning is over", device=device, topic=topic)
        case Warned(warning=warning, topic=topic):
            _log.warning("warning", device=device, topic=topic, warning=warning)
