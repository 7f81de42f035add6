"""The parts of a programmer that no conversation shows."""

from tests.devices.ovs_bridge import flow
from xds_server.protocols.openflow.effects import Send
from xds_server.protocols.openflow.errors import DeviceError
from xds_server.protocols.openflow.inventory import Owner, Xids
from xds_server.protocols.openflow.programmer import Programmer
from xds_server.snapshots.evidence import Device, DeviceKind
from xds_server.snapshots.model import program_of


def _programmer() -> Programmer:
    return Programmer(Device(DeviceKind.BRIDGE, "host1"), Owner(), Xids())


def test_a_programmer_is_busy_until_the_bridge_has_answered() -> None:
    programmer = _programmer()
    assert not programmer.busy
    (question,) = programmer.want(program_of([flow(1)], []), 1.0)
    assert isinstance(question, Send)
    assert programmer.busy
    assert programmer.want(program_of([], []), 1.0) == []
    assert programmer.resync(1.0) == []


def test_answers_to_questions_of_others_change_nothing() -> None:
    programmer = _programmer()
    assert programmer.answer(99, b"", 1.0) == []
    assert programmer.barrier(99, 1.0) == []
    assert programmer.control(99, bytes(8), 1.0) == []
    assert programmer.failed(DeviceError(99, 1, 1), 1.0) is None
