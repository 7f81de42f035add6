"""The transaction machine under every order of good and bad answers."""

from hypothesis import given
from hypothesis import strategies as st

from xds_server.protocols.fabric.transaction import (
    Applied,
    Apply,
    Check,
    Checked,
    Event,
    Fault,
    Held,
    Hold,
    Output,
    Transaction,
    Verified,
    Verify,
    Wanted,
    step,
)
from xds_server.snapshots.evidence import Acked, Nacked
from xds_server.snapshots.model import SwitchConfig

OLD = SwitchConfig("leaf1", "old", "{}", "v0")
NEW = SwitchConfig("leaf1", "new", "{}", "v1")
BAD = Fault("it broke", "the line")


def _answer(output: Output, good: bool) -> Event:
    if isinstance(output, Check):
        return Checked(None if good else BAD)
    if isinstance(output, Hold):
        return Held(OLD)
    if isinstance(output, Apply):
        return Applied(4, None if good else BAD)
    return Verified(() if good else ("+ a", "- b"))


@given(answers=st.lists(st.booleans(), min_size=8, max_size=8))
def test_every_change_ends_in_one_verdict_and_a_verified_state(answers: list[bool]) -> None:
    change, outputs = step(Transaction("leaf1"), Wanted(NEW), 0.0)
    applied: list[SwitchConfig] = []
    verified: list[tuple[SwitchConfig, bool]] = []
    good = iter(answers)
    while not isinstance(outputs[-1], Acked | Nacked):
        asked, well = outputs[-1], next(good)
        if isinstance(asked, Apply):
            applied.append(asked.config)
        if isinstance(asked, Verify):
            verified.append((asked.config, well))
        change, outputs = step(change, _answer(asked, well), 1.0)
    verdict = outputs[-1]
    assert change == Transaction("leaf1")
    if isinstance(verdict, Acked):
        assert applied == [NEW]
        assert verified == [(NEW, True)]
    elif applied:  # whatever was touched is taken back, and looked at
        assert applied == [NEW, OLD]
        assert verified[-1][0] == OLD
        assert ("rolled back" in verdict.reason) is verified[-1][1]
