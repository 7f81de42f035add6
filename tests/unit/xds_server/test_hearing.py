import asyncio
from collections.abc import Sequence

import pytest

from xds_server import hearing
from xds_server.controller.state import Answered, Unanswered
from xds_server.hearing import Hearing
from xds_server.snapshots.evidence import (
    Acked,
    Connected,
    Device,
    DeviceKind,
    Disconnected,
    Evidence,
    Offered,
)

ONE, TWO = Device(DeviceKind.PROXY, "one"), Device(DeviceKind.PROXY, "two")
ACKS = Acked(ONE, "eds", "1", 1.0), Acked(TWO, "eds", "1", 2.0)


class _Heard:
    def __init__(self) -> None:
        self.records: list[list[Evidence]] = []
        self.events: list[Evidence | Answered | Unanswered] = []
        self.hearing = Hearing(self._record, self.events.append)

    def _record(self, heard: Sequence[Evidence]) -> None:
        self.records.append(list(heard))

    def hear(self, *words: Evidence) -> None:
        for word in words:
            self.hearing.hear(word)


async def test_acknowledgements_of_a_turn_are_one_event() -> None:
    heard = _Heard()
    heard.hear(*ACKS)
    assert heard.events == []
    await asyncio.sleep(0)
    assert heard.events == [Answered(ACKS)]
    assert heard.records == [list(ACKS)]


async def test_everything_stays_in_its_order() -> None:
    heard = _Heard()
    came, gone = Connected(ONE, 0.5), Disconnected(ONE, 1.5)
    heard.hear(came, ACKS[0], gone, ACKS[1])
    await asyncio.sleep(0)
    assert heard.events == [came, Answered(ACKS[:1]), gone, Answered(ACKS[1:])]


async def test_an_offer_that_is_answered_is_recorded_and_not_fed() -> None:
    heard, offers = _Heard(), [Offered(one.device, "eds", "1", 0.5) for one in ACKS]
    heard.hear(*offers)
    await asyncio.sleep(0)
    heard.hear(*ACKS)
    heard.hearing.close()
    assert heard.events == [Answered(ACKS)]
    assert heard.records == [list(offers), list(ACKS)]


async def test_an_answer_to_another_offer_leaves_the_newer_one() -> None:
    heard, newer = _Heard(), Offered(ONE, "eds", "2", 0.9)
    heard.hear(newer, ACKS[0])
    heard.hearing.close()
    assert heard.events == [Answered(ACKS[:1]), Unanswered((newer,))]


async def test_offers_without_an_answer_are_soon_known_together(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(hearing, "OFFERED_SECONDS", 0.02)
    heard, offers = _Heard(), tuple(Offered(one.device, "eds", "1", 0.5) for one in ACKS)
    heard.hear(*offers)
    await asyncio.sleep(hearing.OFFERED_SECONDS * 5)
    assert heard.events == [Unanswered(offers)]


async def test_what_is_heard_at_the_end_is_not_lost() -> None:
    heard = _Heard()
    heard.hear(ACKS[0])
    heard.hearing.close()
    assert heard.events == [Answered(ACKS[:1])]
