import asyncio
from dataclasses import replace
from typing import Any

from tests.plans import shop_plan
from translators.compiler.pipeline import NOTHING as UNCOMPILED
from translators.envoy import Proxies
from translators.openflow.frames import synthetic_ports
from xds_server.controller.compile import nothing
from xds_server.controller.state import State, Translate, Translated, Untranslated
from xds_server.controller.targets import Targets, bridge_program
from xds_server.controller.translations import Translations

PLAN = shop_plan()
PORTS = synthetic_ports(PLAN, "host1")


class _Holder:
    def __init__(self) -> None:
        self.holds = nothing()
        self.state = State(plan=PLAN, ports={"host1": PORTS})
        self.changing = asyncio.Lock()


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


async def test_a_change_waits_for_a_translation_and_takes_it_over() -> None:
    holder, heard = _Holder(), asyncio.Queue[Any]()
    holder.holds = replace(nothing(), targets=Targets(source=Proxies(PLAN)))
    holder.holds = replace(holder.holds, compilation=replace(UNCOMPILED, plan=PLAN))
    translations = Translations(holder, heard.put_nowait, lambda: 7.0)
    translations.add(Translate("host1", PLAN, PORTS))
    running = asyncio.create_task(translations.run())
    while not holder.changing.locked():
        await asyncio.sleep(0)
    async with holder.changing:
        assert holder.holds.targets.translations.keys() == {"host1"}
    running.cancel()


async def test_what_nobody_asks_for_any_longer_is_not_translated() -> None:
    holder, heard = _Holder(), asyncio.Queue[Any]()
    translations = Translations(holder, heard.put_nowait, lambda: 7.0)
    translations.add(Translate("host1", replace(PLAN), PORTS))
    translations.add(Translate("host1", PLAN, dict(PORTS)))
    translations.add(Translate("host1", PLAN, PORTS))
    running = asyncio.create_task(translations.run())
    assert (await heard.get()).plan is PLAN
    assert heard.empty()
    running.cancel()
