"""Why a host cannot be served: one sentence each, with the mend."""

from __future__ import annotations


class HostAgentError(Exception):
    """The host agent cannot go on; the message is for its operator."""
