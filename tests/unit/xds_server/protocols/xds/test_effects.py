from xds_server.protocols.xds.effects import Close, Send


def test_a_response_does_not_print_its_bytes() -> None:
    assert "private" not in repr(Send(b"private", "url", "1", ("name",)))


def test_effects_are_values() -> None:
    assert Close("OK", "") == Close("OK", "")
    assert len({Send(b"", "u", "1"), Send(b"", "u", "1")}) == 1
