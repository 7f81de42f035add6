"""What FRR's JSON says, understood."""

from xds_server.southbound.frr_state import Session, SwitchState, VniState, sessions

SUMMARY = {
    "ipv4Unicast": {
        "routerId": "10.254.0.11",
        "peers": {"spine2": {"state": "Active"}, "spine1": {"state": "Established"}},
    },
    "l2VpnEvpn": {"peers": {"spine1": {"state": "Established"}}},
    "warning": "none",
}


def test_sessions_are_read_in_order() -> None:
    assert sessions(SUMMARY) == (
        Session("ipv4Unicast", "spine1", "Established"),
        Session("ipv4Unicast", "spine2", "Active"),
        Session("l2VpnEvpn", "spine1", "Established"),
    )
    assert sessions({}) == ()


def test_a_state_says_what_is_up() -> None:
    state = SwitchState("8.4.4", sessions(SUMMARY), (VniState(10010, "vx10010", ()),))
    assert not state.is_settled
    assert str(state) == "FRR 8.4.4, 2 of 3 BGP sessions up"


def test_a_switch_without_sessions_is_settled() -> None:
    assert SwitchState("8.4.4", (), ()).is_settled
