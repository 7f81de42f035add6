"""A bridge compared with its program while both may be changing."""

from __future__ import annotations

import asyncio

from xds_server.protocols.openflow.drift import Deviation, drift
from xds_server.protocols.openflow.inventory import Owner
from xds_server.southbound.openflow_session import Session

_AGAIN = 0.1  # seconds until a bridge that was changed meanwhile is looked at again
_FIRST_PROGRAM = 5.0  # seconds that a bridge which has just connected gets for its first program


async def drift_of(session: Session, owner: Owner, timeout: float) -> tuple[Deviation, ...] | None:
    """Return how a bridge differs from its program; None if it has none yet, or has gone.

    Raises TimeoutError when it does not answer, or is changed all the time, for ``timeout``
    seconds.
    """
    loop = asyncio.get_running_loop()
    started = loop.time()
    while not session.closing:
        program = session.connection.running
        if program is not None:
            found = await session.contents(timeout)
            if found is None:
                return None
            if session.connection.running is program:
                return await asyncio.to_thread(drift, found, program, owner)
        waited = loop.time() - started
        if program is None and not session.connection.busy and waited > _FIRST_PROGRAM:
            return None
        if waited > timeout:
            raise TimeoutError(f"the bridge was changed all the time for {timeout:g} s")
        await asyncio.sleep(_AGAIN)
    return None
