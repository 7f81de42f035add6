import io
import tarfile
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from docker.errors import APIError, NotFound

from integration.engine import captures
from integration.engine.evidence import keep


class Box:
    """A container, as far as it is asked; ``captured`` is what a ring's file holds."""

    def __init__(self, status: str = "running", captured: bytes | None = None) -> None:
        self.status = status
        self.captured = captured
        self.ran: list[tuple[str, dict[str, Any]]] = []

    def logs(self, **_: object) -> bytes:
        return b"it started\n"

    def exec_run(self, command: list[str], **options: Any) -> SimpleNamespace:
        if self.status != "running":
            raise APIError("409 Conflict", explanation="container is not running")
        self.ran.append((command[-1], options))
        return SimpleNamespace(output=f"of {command[-1]}\n".encode())

    def get_archive(self, path: str) -> tuple[list[bytes], dict[str, object]]:
        if self.captured is None:
            raise NotFound("404 Not Found")
        output = io.BytesIO()
        with tarfile.open(fileobj=output, mode="w") as archive:
            entry = tarfile.TarInfo(f"{Path(path).name}/any.pcap0")
            entry.size = len(self.captured)
            archive.addfile(entry, io.BytesIO(self.captured))
        return [output.getvalue()], {}


def kept(place: Path, **boxes: Any) -> dict[str, str]:
    keep(boxes, place)
    return {str(f.relative_to(place)): f.read_text() for f in place.rglob("*") if f.is_file()}


def test_each_container_leaves_log_state_and_capture(tmp_path: Path) -> None:
    found = kept(tmp_path / "test", host1=Box(captured=b"packets"), postgres=Box())
    assert found["host1.log"] == "it started\n"
    assert "$ ovs-vsctl show\nof ovs-vsctl show\n" in found["host1.state"]
    assert found["captures/host1/any.pcap0"] == "packets"
    assert found["postgres.state"] == "running\n"


def test_what_a_dead_container_still_has_is_kept_and_the_rest_said(tmp_path: Path) -> None:
    found = kept(tmp_path / "test", spine1=Box("exited", captured=b"the last"))
    assert found["captures/spine1/any.pcap0"] == "the last"
    assert found["spine1.state"].startswith("exited\n")
    assert "container is not running" in found["spine1.state"]


def test_an_earlier_failure_of_the_same_test_goes(tmp_path: Path) -> None:
    place = tmp_path / "test"
    place.mkdir()
    (place / "old.log").write_text("of yesterday")
    assert "old.log" not in kept(place, gateway=Box())


def test_captures_begin_anew_and_go_on_after_a_restart() -> None:
    host, gone = Box(), Box("exited")
    captures.begin([gone, host])  # type: ignore[list-item]
    captures.resume(host)  # type: ignore[arg-type]
    (first, options), (second, _) = host.ran
    assert f"rm -rf {captures.WHERE}" in first
    assert "rm" not in second
    assert options == {"detach": True}
