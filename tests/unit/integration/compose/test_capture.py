from pathlib import Path

import pytest

from integration.compose import capture
from integration.compose.capture import Ring, record

FROM = ("eth0", 0x0800, 4, 1, bytes.fromhex("020000000001"))
PACKET = bytes.fromhex("4500001c000100004011") + bytes(2) + bytes((10, 0, 0, 1, 10, 0, 0, 2))


def test_a_record_holds_time_lengths_interface_and_bytes() -> None:
    made = record(1.5, PACKET, 1400, 7, FROM)
    assert made[:16] == bytes.fromhex("0100000020a10700280000008c050000")
    assert made[16:36] == bytes.fromhex("080000000000000700010406") + FROM[4] + bytes(2)
    assert made[36:] == PACKET


def test_the_older_file_is_written_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(capture, "HALF", 200)
    ring = Ring(tmp_path / "packets")
    for number in range(5):
        ring.write(bytes([number]) * 90)
    ring.flush()
    files = {file.name: file.read_bytes()[24:] for file in tmp_path.iterdir()}
    assert files == {
        "packets0.pcap": bytes([4]) * 90,
        "packets1.pcap": bytes([2]) * 90 + bytes([3]) * 90,
    }
