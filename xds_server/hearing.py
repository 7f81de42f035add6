"""What devices say, taken together once a turn of the event loop.

After a wide change thousands of devices answer at once. Each turn's acknowledgements are one line
of the log and one step of the controller, which then looks once at who may go on.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import groupby

from xds_server.controller.state import Answered, Unanswered
from xds_server.snapshots.evidence import Acked, Device, Evidence, Nacked, Offered

OFFERED_SECONDS = 1.0  # that the status may be behind in what was sent and is not answered yet


class Hearing:
    """Hands evidence on in the order in which it came. Use it on one event loop.

    That something was sent opens no gate, and the answer says it again: it is handed on only if
    none comes soon.
    """

    def __init__(
        self,
        record: Callable[[Sequence[Evidence]], None],
        feed: Callable[[Evidence | Answered | Unanswered], None],
    ) -> None:
        """``record`` gets everything of a turn; ``feed`` one event after the other."""
        self._record = record
        self._feed = feed
        self._heard: list[Evidence] = []
        self._offers: dict[tuple[Device, str], Offered] = {}

    def hear(self, evidence: Evidence) -> None:
        """Take one word of a device, at the end of this turn."""
        self._heard.append(evidence)
        if len(self._heard) == 1:
            asyncio.get_running_loop().call_soon(self.take)

    def take(self) -> None:
        """Hand on what was heard so far."""
        heard, self._heard = self._heard, []
        if not heard:
            return
        self._record(heard)
        for event in _together(self._without_offers(heard)):
            self._feed(event)

    def close(self) -> None:
        """Hand on everything, at the end."""
        self.take()
        self._unanswered()

    def _without_offers(self, heard: Iterable[Evidence]) -> Iterator[Evidence]:
        offers = self._offers
        for evidence in heard:
            if isinstance(evidence, Offered):
                if not offers:
                    asyncio.get_running_loop().call_later(OFFERED_SECONDS, self._unanswered)
                offers[evidence.device, evidence.type] = evidence
                continue
            if isinstance(evidence, Acked | Nacked):
                key = evidence.device, evidence.type
                if (offer := offers.get(key)) is not None and offer.version == evidence.version:
                    del offers[key]
            yield evidence

    def _unanswered(self) -> None:
        offers, self._offers = self._offers, {}
        if offers:
            self._feed(Unanswered(tuple(offers.values())))


def _together(heard: Iterable[Evidence]) -> Iterator[Evidence | Answered]:
    """Yield evidence in order, acknowledgements that follow each other as one event."""
    for acked, found in groupby(heard, lambda one: isinstance(one, Acked)):
        if acked:
            yield Answered(tuple(one for one in found if isinstance(one, Acked)))
        else:
            yield from found
