from pathlib import Path

import pytest

from xds_server.cli.exits import Exit, Fail
from xds_server.cli.files import LARGEST, read_files


def test_a_directory_is_read_in_a_stable_order(tmp_path: Path) -> None:
    for name in ("b.yaml", "a.yml", "sub/c.yaml", "notes.txt"):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(name)
    found = read_files([str(tmp_path)])
    assert [text for _, text in found] == ["a.yml", "b.yaml", "sub/c.yaml"]
    assert found[0][0] == str(tmp_path / "a.yml")


@pytest.mark.parametrize(
    ("make", "code", "says"),
    [
        (lambda path: None, Exit.USAGE, "there is no file or directory"),
        (lambda path: path.mkdir(), Exit.USAGE, "holds no .yaml"),
        (lambda path: path.write_bytes(b"a: b\n\xff"), Exit.REFUSED, ":2: not UTF-8"),
        (lambda path: path.write_bytes(b"x" * (LARGEST + 1)), Exit.REFUSED, "larger than 10 MB"),
    ],
)
def test_what_cannot_be_read_is_said(tmp_path: Path, make: object, code: Exit, says: str) -> None:
    path = tmp_path / "given"
    make(path)  # type: ignore[operator]
    with pytest.raises(Fail, match=says) as failed:
        read_files([str(path)])
    assert failed.value.code is code
