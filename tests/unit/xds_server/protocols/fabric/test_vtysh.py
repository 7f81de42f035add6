"""What FRR 8.4 prints, as it was recorded, and what it is understood as."""

from xds_server.protocols.fabric.transaction import Fault
from xds_server.protocols.fabric.vtysh import (
    Difference,
    check_fault,
    difference,
    missing_daemons,
    reload_fault,
    running_config,
)

CONFIG = "frr defaults traditional\nhostname leaf1\nrouter bgp 65001\n bgp routr-id 1.1.1.1\nexit\n"


def test_a_fault_of_the_parser_has_its_line() -> None:
    printed = "line 4: % Unknown command[25]:  bgp routr-id 1.1.1.1\n\n"
    fault = check_fault(printed, CONFIG)
    assert fault == Fault(
        "vtysh refuses line 4: unknown command", "frr.conf:4: bgp routr-id 1.1.1.1"
    )


def test_a_line_beyond_the_text_does_not_break_the_reader() -> None:
    fault = check_fault("line 99: % Command incomplete: x", CONFIG)
    assert fault == Fault("vtysh refuses line 99: command incomplete", "frr.conf:99: ")


def test_silence_is_no_fault() -> None:
    assert check_fault("", CONFIG) is None
    assert reload_fault("2026-11-23 01:28:06,829  INFO: Loading Config object") is None


def test_a_failed_reload_names_the_statement_and_the_daemons_words() -> None:
    printed = (
        "% Configure the peer-group first\n"
        "line 2: Failure to communicate[13] to bgpd, line:  neighbor a peer-group X\n"
        "\n% Configure the peer-group first\n"
        "line 5: Failure to communicate[13] to bgpd, line:  neighbor b peer-group X\n"
    )
    assert reload_fault(printed) == Fault(
        "FRR refuses a statement: Configure the peer-group first",
        "neighbor a peer-group X",
    )


def test_a_difference_is_read_block_by_block() -> None:
    printed = (
        "\nLines To Delete\n===============\nno hostname leaf1\n"
        "router bgp 65001\n address-family l2vpn evpn\n  no vni 10010\n"
        "\nLines To Add\n============\n"
        "router bgp 65000\n address-family l2vpn evpn\n  neighbor FABRIC activate\n"
    )
    found = difference(printed)
    assert found == Difference(
        ("no hostname leaf1", "router bgp 65001\n address-family l2vpn evpn\n  no vni 10010"),
        ("router bgp 65000\n address-family l2vpn evpn\n  neighbor FABRIC activate",),
    )
    assert found.lines == (
        "- no hostname leaf1",
        "- router bgp 65001 / address-family l2vpn evpn / no vni 10010",
        "+ router bgp 65000 / address-family l2vpn evpn / neighbor FABRIC activate",
    )


def test_an_empty_difference_has_no_lines() -> None:
    assert difference("").lines == ()
    assert difference("\nLines To Add\n============\n").lines == ()


def test_daemons_that_do_not_answer_are_named() -> None:
    assert missing_daemons(" zebra bgpd staticd bfdd\n") == ()
    assert missing_daemons(" zebra staticd\n") == ("bfdd", "bgpd")


def test_the_running_configuration_can_be_applied_again() -> None:
    printed = "frr version 8.4.4\nfrr defaults traditional\nhostname leaf1\n!\nend\n"
    assert running_config(printed) == "frr defaults traditional\nhostname leaf1\n!\n"
