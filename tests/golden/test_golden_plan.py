"""Every story's diagnostics and plan, as they were last looked at."""

from pathlib import Path

import pytest

from tests.golden.looked_at import WRITE, golden
from translators.compiler.pipeline import Compilation, compile_policy
from translators.plan.canonical import to_yaml
from translators.policy.load import load

CASES = Path(__file__).parent / "cases"
STORIES = sorted(path.parent for path in CASES.glob("*/policy.yaml"))


def compiled(story: Path) -> Compilation:
    loaded = load((story / "policy.yaml").read_text(), "policy.yaml")
    assert not loaded.diagnostics, loaded.diagnostics[0]
    return compile_policy(loaded.documents)


def outputs(story: Path) -> dict[str, str]:
    compilation = compiled(story)
    texts = {"plan.yaml": to_yaml(compilation.plan)}
    if compilation.diagnostics:
        texts["diagnostics.txt"] = "".join(f"{d}\n" for d in compilation.diagnostics)
    return texts


@pytest.mark.parametrize("story", STORIES, ids=lambda path: path.name)
def test_plan_is_golden(story: Path) -> None:
    golden(story / "expected", outputs(story))


def test_no_expectation_is_left_of_a_story_that_is_gone() -> None:
    gone = [path for path in CASES.glob("*/expected") if path.parent not in STORIES]
    if WRITE:
        for path in gone:
            for file in sorted(path.rglob("*"), reverse=True):
                file.rmdir() if file.is_dir() else file.unlink()
            path.rmdir()
            path.parent.rmdir()
        gone = []
    assert gone == []
