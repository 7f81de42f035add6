from pathlib import Path
from unittest.mock import patch

from tests.commanding import run
from tests.serving import Serving
from xds_server.agent.switch import SwitchAgentSettings


def test_a_hosts_commands_can_be_looked_at(shop_server: Serving, tmp_path: Path) -> None:
    agent = ("agent", "--role", "host", "--name", "host1", "--agent-state", str(tmp_path))
    done = run(*agent, "--print", state=shop_server.state)
    assert done.code == 0, done.err
    assert "tcp:127.0.0.1:6653" in done.out
    assert "0000000000000001" in done.out
    other = run(*agent, "--print", "--openflow", "tcp:10.9.9.9:1", state=shop_server.state)
    assert "tcp:10.9.9.9:1" in other.out


def test_a_host_that_is_not_declared_is_one_sentence(shop_server: Serving, tmp_path: Path) -> None:
    agent = ("agent", "--role", "host", "--name", "nobody", "--agent-state", str(tmp_path))
    done = run(*agent, "--print", state=shop_server.state)
    assert done.code == 6
    assert "nobody" in done.err
    assert done.err.count("\n") == 1


def test_with_tls_the_vswitch_proves_itself_too(shop_server: Serving, tmp_path: Path) -> None:
    files = [tmp_path / name for name in ("c.pem", "k.pem", "a.pem")]
    for file in files:
        file.touch()
    options = zip(("--tls-cert", "--tls-key", "--tls-ca"), map(str, files), strict=True)
    agent = ("agent", "--role", "host", "--name", "host1", "--agent-state", str(tmp_path))
    tls = [word for pair in options for word in pair]
    done = run(*agent, "--print", *tls, state=shop_server.state)
    assert done.code == 0, done.err
    assert f"ovs-vsctl set-ssl {files[1]} {files[0]} {files[2]}" in done.out
    assert "set-controller br-int ssl:127.0.0.1:6653" in done.out
    assert "set-manager ssl:127.0.0.1:6640" in done.out
    for wrong in (tls[:2], [*tls[:5], str(tmp_path / "none")]):
        done = run(*agent, "--print", *wrong, state=shop_server.state)
        assert (done.code, done.err.count("\n")) == (2, 1), done.err


def test_a_switchs_agent_is_told_what_the_command_line_says(tmp_path: Path) -> None:
    told: list[SwitchAgentSettings] = []
    argv = ("agent", "--role", "switch", "--name", "leaf1", "--agent-state", str(tmp_path))
    with patch("xds_server.agent.switch.run_switch_agent", told.append):
        done = run(
            *argv, "--vty-dir", "/x", "--config-dir", "/y", state=tmp_path, FSDN_API="http://a:1"
        )
    assert done.code == 0
    (settings,) = told
    assert (settings.name, settings.api, settings.state) == ("leaf1", "http://a:1", tmp_path)
    assert (settings.vty_dir, settings.config_dir) == (Path("/x"), Path("/y"))
    assert settings.token_file == tmp_path / "token"
