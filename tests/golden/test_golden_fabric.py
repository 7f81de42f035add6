"""Every story's fabric, as it was last looked at, and as FRR and iproute2's reader say it back."""

import subprocess
from pathlib import Path

import pytest

from tests.golden.looked_at import golden
from tests.golden.test_golden_plan import STORIES, compiled
from translators.fabric import translate
from xds_server.protocols.fabric import links


def _texts(story: Path) -> dict[str, str]:
    plan = compiled(story).plan
    texts = {}
    for switch in plan.switches:
        text = translate(plan, switch.name)
        texts |= {f"{switch.name}.conf": text.frr, f"{switch.name}.links.json": text.links}
    return texts


@pytest.mark.parametrize("story", STORIES, ids=lambda path: path.name)
def test_fabric_is_golden(story: Path) -> None:
    golden(story / "expected" / "fabric", _texts(story))


def test_some_story_has_a_fabric() -> None:
    assert any(_texts(story) for story in STORIES)


CONFS = sorted(path for story in STORIES for path in story.glob("expected/fabric/*.conf"))
LINKS = sorted(path for story in STORIES for path in story.glob("expected/fabric/*.links.json"))


def _id(path: Path) -> str:
    return f"{path.parents[2].name}-{path.name}"


@pytest.mark.device
@pytest.mark.parametrize("path", CONFS, ids=_id)
def test_frr_reads_the_golden(path: Path, tmp_path: Path) -> None:
    (tmp_path / "vtysh.conf").write_text("service integrated-vtysh-config\n")
    argv = ["vtysh", "--config_dir", str(tmp_path), "-C", "-f", str(path)]
    done = subprocess.run(argv, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("path", LINKS, ids=_id)
def test_the_switch_reads_the_golden(path: Path) -> None:
    state = links.parse(path.read_text())
    assert links.parse(links.render(state)) == state
    assert all(len(device.name) <= 15 for device in state.devices)
