"""A bundle is committed only when the barrier has shown that nothing failed."""

import pytest

from tests.devices.ovs_bridge import flow, group
from xds_server.protocols.openflow.codec import BundleStep, bundle_control
from xds_server.protocols.openflow.errors import DeviceError, TooLargeError
from xds_server.protocols.openflow.framing import Framer, Type
from xds_server.protocols.openflow.reconcile import Held, reconcile
from xds_server.protocols.openflow.transaction import Phase, Transaction
from xds_server.snapshots.model import FlowEntry, MeterEntry, program_of

PROGRAM = program_of([flow(1), flow(2)], [group(7, 1)])
STEPS = reconcile(Held(), PROGRAM)
OPEN, BARRIER, END = 10, 14, 15


def _begun() -> Transaction:
    transaction = Transaction(PROGRAM, STEPS, OPEN)
    transaction.begin()
    return transaction


def test_it_opens_adds_everything_and_asks_for_a_barrier() -> None:
    sent = Framer().feed(b"".join(Transaction(PROGRAM, STEPS, OPEN).begin()))
    kinds = [Type.BUNDLE_CONTROL, *[Type.BUNDLE_ADD] * 3, Type.BARRIER_REQUEST]
    assert [message.type for message in sent] == kinds
    assert [message.xid for message in sent] == [10, 11, 12, 13, BARRIER]


def test_it_commits_behind_the_barrier() -> None:
    transaction = _begun()
    assert transaction.barrier(3) == b""  # another barrier
    assert transaction.barrier(BARRIER) == bundle_control(END, OPEN, BundleStep.COMMIT_REQUEST)
    assert transaction.barrier(BARRIER) == b""
    transaction.control(END - 1, BundleStep.COMMIT_REPLY)  # another bundle's
    assert not transaction.over
    transaction.control(END, BundleStep.COMMIT_REPLY)
    assert transaction.phase is Phase.COMMITTED
    assert transaction.over


def test_one_error_discards_everything_and_is_named() -> None:
    transaction = _begun()
    transaction.failed(DeviceError(13, 4, 9))
    assert transaction.barrier(BARRIER) == bundle_control(END, OPEN, BundleStep.DISCARD_REQUEST)
    transaction.control(END, BundleStep.COMMIT_REPLY)  # not what was asked for
    assert not transaction.over
    transaction.control(END, BundleStep.DISCARD_REPLY)
    assert transaction.phase is Phase.FAILED
    assert transaction.culprit() == ("BAD_MATCH BAD_PREREQ (4/9)", str(STEPS[2]))


def test_a_refused_commit_leaves_the_bridge_as_it_was() -> None:
    transaction = _begun()
    transaction.barrier(BARRIER)
    transaction.failed(DeviceError(12, 5, 1))
    assert not transaction.over
    transaction.failed(DeviceError(END, 17, 13))
    assert transaction.phase is Phase.FAILED
    reason, subject = transaction.culprit()
    assert reason == "FLOW_MOD_FAILED TABLE_FULL (5/1), and 1 more"
    assert subject == str(STEPS[1])


def test_an_error_of_the_bundle_itself_blames_no_flow() -> None:
    transaction = _begun()
    transaction.failed(DeviceError(OPEN, 17, 5))
    assert transaction.culprit() == ("BUNDLE_FAILED OUT_OF_BUNDLES (17/5)", "")
    assert _begun().culprit() == ("the bridge did not say why", "")


def test_a_flood_of_errors_is_not_kept() -> None:
    transaction = _begun()
    for _ in range(1000):
        transaction.failed(DeviceError(11, 4, 9))
    assert len(transaction.errors) < 100


@pytest.mark.parametrize(("xid", "owned"), [(9, False), (10, True), (16, True), (17, False)])
def test_its_transaction_ids_are_its_own(xid: int, owned: bool) -> None:
    assert _begun().owns(xid) is owned


def test_a_large_program_comes_in_pieces() -> None:
    program = program_of([flow(port) for port in range(1, 5000)], [])
    chunks = Transaction(program, reconcile(Held(), program), 1).begin()
    assert len(chunks) > 5
    assert max(map(len, chunks)) < 2 * 64 * 1024
    assert len(Framer().feed(b"".join(chunks))) == 4999 + 2


def test_a_step_that_does_not_fit_is_raised_before_anything_is_sent() -> None:
    wide = FlowEntry(flow(1).key, 1, bytes(65_600))
    program = program_of([wide], [])
    with pytest.raises(TooLargeError) as caught:
        Transaction(program, reconcile(Held(), program), 1).begin()
    assert caught.value.subject == wide


METER, OLD = MeterEntry(3, 13, bytes(16)), MeterEntry(4, 13, bytes(16))


def _metered() -> Transaction:
    program = program_of([flow(1)], [], [METER])
    return Transaction(program, reconcile(Held(meters={4: OLD}), program, (), [4]), OPEN)


def test_meters_come_before_the_bundle_and_go_after_its_commit() -> None:
    transaction = _metered()
    sent = Framer().feed(b"".join(transaction.begin()))
    kinds = [Type.METER_MOD, Type.BUNDLE_CONTROL, Type.BUNDLE_ADD, Type.BARRIER_REQUEST]
    assert [message.type for message in sent] == kinds
    assert transaction.touches_meters
    transaction.barrier(sent[-1].xid)
    end = Framer().feed(transaction.control(sent[-1].xid + 1, BundleStep.COMMIT_REPLY))
    assert [message.type for message in end] == [Type.METER_MOD, Type.BARRIER_REQUEST]
    assert not transaction.over  # a flow that uses a meter goes with it: the commit came first
    assert transaction.barrier(end[-1].xid) == b""
    assert transaction.phase is Phase.COMMITTED


def test_a_refused_meter_discards_the_bundle_and_deletes_nothing() -> None:
    transaction = _metered()
    sent = Framer().feed(b"".join(transaction.begin()))
    transaction.failed(DeviceError(sent[0].xid, 12, 10))
    transaction.barrier(sent[-1].xid)
    assert transaction.control(sent[-1].xid + 1, BundleStep.DISCARD_REPLY) == b""
    assert transaction.phase is Phase.FAILED
    assert transaction.culprit() == ("METER_MOD_FAILED OUT_OF_METERS (12/10)", "meter 3")
