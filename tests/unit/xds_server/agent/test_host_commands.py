import shlex

from translators.envoy.bootstrap import TlsPaths
from xds_server.agent.host_commands import (
    Command,
    Controllers,
    Datapath,
    HostFacts,
    commands,
)

FACTS = HostFacts("host1", "br-int", 0xA1, "fsdn-proxy", "fsdn-tun", True, 1400)
CONTROLLERS = Controllers("tcp:192.0.2.1:6653", "tcp:192.0.2.1:6640")


def lines(facts: HostFacts = FACTS, datapath: Datapath = Datapath.NETDEV) -> list[str]:
    return [str(command) for command in commands(facts, CONTROLLERS, "fsdn-proxy", datapath)]


def position(text: str) -> int:
    return next(number for number, line in enumerate(lines()) if text in line)


def test_a_command_prints_as_a_shell_line_that_can_be_run_again() -> None:
    assert str(Command(("ip", "link", "add", "a b"), "test -e /x")) == (
        "test -e /x || ip link add 'a b'"
    )


def test_the_same_facts_give_the_same_commands() -> None:
    assert lines() == lines()


def test_the_bridge_is_closed_before_it_is_given_a_controller() -> None:
    assert position("fail_mode=secure") < position("set-controller")


def test_the_bridge_gets_its_datapath_id_in_sixteen_digits() -> None:
    assert "other_config:datapath-id=00000000000000a1" in lines()[position("add-br")]


def test_a_controller_that_is_set_already_is_left_alone() -> None:
    condition, _, command = lines()[position("set-controller")].partition(" || ")
    assert "get-controller br-int" in condition
    assert command == "ovs-vsctl set-controller br-int tcp:192.0.2.1:6653"


def test_what_a_vswitch_asks_its_controller_is_limited() -> None:
    limit = lines()[position("controller_rate_limit")]
    assert limit == "ovs-vsctl set controller br-int controller_rate_limit=1000"
    assert position("set-controller") < position("controller_rate_limit")


def test_both_address_families_are_captured_and_sent_to_the_virtual_gateway() -> None:
    for family in ("-4", "-6"):
        start = f"ip {family} -n fsdn-proxy"
        assert f"{start} route replace local default dev lo table 177" in lines()
        assert any(line.startswith(f"{start} rule show") for line in lines())
        hops = [line for line in lines() if line.startswith(f"{start} neigh replace")]
        assert all("lladdr 02:fd:00:00:00:01" in line for line in hops)
        assert len(hops) == 1


def test_only_a_userspace_bridge_needs_checksums_by_software() -> None:
    assert any("ethtool -K eth0 tx off" in line for line in lines())
    assert not any("ethtool" in line for line in lines(datapath=Datapath.SYSTEM))
    assert "datapath_type=system" in "".join(lines(datapath=Datapath.SYSTEM))


def test_a_host_without_a_tunnel_gets_no_tunnel_port() -> None:
    alone = HostFacts("host1", "br-int", 1, "fsdn-proxy", "fsdn-tun", False, 1400)
    assert any("type=vxlan" in line for line in lines())
    assert not any("type=vxlan" in line for line in lines(alone))


def test_the_proxys_port_has_the_workloads_mtu() -> None:
    assert "ip link set fsdn-proxy mtu 1400 up" in lines()


def test_every_argument_survives_the_shell() -> None:
    for command in commands(FACTS, CONTROLLERS, "fsdn-proxy", Datapath.NETDEV):
        assert tuple(shlex.split(shlex.join(command.argv))) == command.argv


def test_the_vswitch_gets_its_certificate_before_a_controller_that_asks_for_it() -> None:
    tls = TlsPaths("/a b/cert.pem", "/a b/key.pem", "/a b/ca.pem")
    given = Controllers("ssl:192.0.2.1:6653", "tcp:192.0.2.1:6640", tls)
    found = commands(FACTS, given, "fsdn-proxy", Datapath.SYSTEM)
    (step,) = [step for step in found if "set-ssl" in step.argv]
    assert step.argv[2:] == (tls.key, tls.certificate, tls.authority)
    assert "grep -qxF 'Private key: /a b/key.pem'" in step.unless
    assert found.index(step) < [s.argv[1] for s in found].index("set-controller")


def test_a_vswitch_that_speaks_plain_text_gets_no_certificate() -> None:
    plain = Controllers("tcp:a:1", "tcp:a:2", TlsPaths("/c", "/k", "/a"))
    for given in (plain, Controllers("ssl:a:1", "ssl:a:2")):
        found = commands(FACTS, given, "fsdn-proxy", Datapath.SYSTEM)
        assert not any("set-ssl" in step.argv for step in found)
