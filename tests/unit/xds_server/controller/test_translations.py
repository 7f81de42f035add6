import asyncio
from typing import Any

from tests.plans import shop_plan
from translators.openflow.frames import synthetic_ports
from xds_server.controller.compile import nothing
from xds_server.controller.state import Translate, Translated, Untranslated
from xds_server.controller.targets import bridge_program
from xds_server.controller.translations import Translations

PLAN = shop_plan()
PORTS = synthetic_ports(PLAN, "host1")


class _Holder:
    holds = nothing()


async def _answer(job: Translate) -> Any:
    heard: asyncio.Queue[Any] = asyncio.Queue()
    translations = Translations(_Holder(), heard.put_nowait, lambda: 7.0)
    translations.add(job)
    assert translations.waiting == 1
    running = asyncio.create_task(translations.run())
    answer = await heard.get()
    running.cancel()
    return answer


async def test_a_program_comes_with_what_it_was_made_from() -> None:
    program = bridge_program(PLAN, "host1", PORTS)
    answer = await _answer(Translate("host1", PLAN, PORTS))
    assert answer == Translated("host1", PLAN, PORTS, program, 7.0)


async def test_what_does_not_fit_is_said_with_the_reason(monkeypatch: Any) -> None:
    def refuse(*_: object) -> None:
        raise ValueError("too many priorities")

    monkeypatch.setattr("xds_server.controller.translations.translation", refuse)
    answer = await _answer(Translate("host1", PLAN, PORTS))
    assert answer == Untranslated("host1", PLAN, PORTS, "too many priorities", 7.0)
