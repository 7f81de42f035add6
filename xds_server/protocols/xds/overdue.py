"""What is said of a client that leaves a response unanswered, and when it answers after all."""

from __future__ import annotations

from xds_server.snapshots.evidence import Device, Warned


def silent(device: Device, type_url: str, version: str, patience: float, now: float) -> Warned:
    """Return the warning that a version has not been answered for ``patience`` seconds."""
    short = type_url.rpartition(".")[2]
    text = (
        f"{device.name} has not answered {short} version {version} for {patience:g} s; what "
        "refers to it goes ahead: look at its log and its load"
    )
    return Warned(device, now, text, f"xds/{short}")


def forgiven(device: Device, type_url: str, now: float) -> Warned:
    """Return the end of that warning."""
    return Warned(device, now, "", f"xds/{type_url.rpartition('.')[2]}")
