"""What a session asks a bridge beside its programming: counters, and everything that it holds."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from xds_server.protocols.openflow.counters import Counters
from xds_server.protocols.openflow.drift import Contents
from xds_server.protocols.openflow.effects import Counted, Effect, Inspected, Send
from xds_server.protocols.openflow.inventory import Dump, Owner, Question, Tally, Xids
from xds_server.protocols.openflow.multipart import (
    Part,
    flows_request,
    groups_request,
    meter_stats_request,
    meters_request,
    queue_stats_request,
)


@dataclass(slots=True)
class _Inquiry:
    """Questions that are answered together; ``told`` makes the answer, ``refused`` its absence."""

    questions: dict[int, Question]
    told: Callable[[], Effect]
    refused: Effect


class Inquiries:
    """Every inquiry under way, by the transaction ids of its questions."""

    def __init__(self, owner: Owner, xids: Xids) -> None:
        self._owner = owner
        self._xids = xids
        self._open: dict[int, _Inquiry] = {}

    def count(self, request: int, metered: bool) -> list[Effect]:
        """Ask for the counters of our flows, of meters and of queues; the answer is ``Counted``.

        A bridge without ports, or whose ports can have no queues, may refuse to tell of these.
        """
        tally, owner = Tally(), self._owner
        flows, meters, queues = (self._xids.take() for _ in range(3))
        questions = {flows: Question(Part.FLOW_DESC, tally.flows_listed, "counters")}
        asked = flows_request(flows, owner.cookie, owner.mask)
        if metered:
            questions[meters] = Question(Part.METER_STATS, tally.meters_counted, "meters")
            asked += meter_stats_request(meters)
        questions[queues] = Question(Part.QUEUE_STATS, tally.queues_counted, "queues", spared=True)
        asked += queue_stats_request(queues)

        def told() -> Effect:
            return Counted(request, tally.counters())

        inquiry = _Inquiry(questions, told, Counted(request, Counters()))
        self._open.update((xid, inquiry) for xid in questions)
        return [Send(asked)]

    def inspect(self, request: int) -> list[Effect]:
        """Ask for every flow, group and meter, whoever wrote it; the answer is ``Inspected``."""
        dump = Dump(Owner(0, 0))
        meters, groups, flows = (self._xids.take() for _ in range(3))
        questions = {
            meters: Question(Part.METER_DESC, dump.meters_listed, "meters"),
            groups: Question(Part.GROUP_DESC, dump.groups_listed, "groups"),
            flows: Question(Part.FLOW_DESC, dump.flows_listed, "flows"),
        }

        def told() -> Effect:
            return Inspected(request, Contents(dump.flows, dump.groups, dump.meters))

        inquiry = _Inquiry(questions, told, Inspected(request, None))
        self._open.update((xid, inquiry) for xid in questions)
        asked = meters_request(meters) + groups_request(groups) + flows_request(flows, 0, 0)
        return [Send(asked)]

    def answer(self, xid: int, body: bytes) -> list[Effect] | None:
        """Take a multipart reply; return None when it is not about anything asked here.

        Raises ProtocolError for a malformed one.
        """
        inquiry = self._open.get(xid)
        if inquiry is None:
            return None
        return self._ended(xid, inquiry) if inquiry.questions[xid].answered(body) else []

    def failed(self, xid: int) -> list[Effect] | None:
        """Take an error; return None when it is not about anything asked here."""
        inquiry = self._open.get(xid)
        if inquiry is None:
            return None
        if inquiry.questions[xid].spared:
            return self._ended(xid, inquiry)
        for other in inquiry.questions:
            self._open.pop(other, None)
        return [inquiry.refused]

    def _ended(self, xid: int, inquiry: _Inquiry) -> list[Effect]:
        """Close a question; the last of an inquiry is followed by what it tells."""
        del self._open[xid], inquiry.questions[xid]
        return [] if inquiry.questions else [inquiry.told()]
