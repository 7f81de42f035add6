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
