"""Commands to a control socket: numbered, answered in pieces, refused in the daemon's words."""

from __future__ import annotations

import json
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xds_server.protocols.unixctl.calls import Calls, Reply, UnixctlError


def test_a_command_is_a_json_rpc_request() -> None:
    calls = Calls()
    number, data = calls.ask("ofproto/trace", "br0", "in_port=1")
    assert json.loads(data) == {
        "id": number,
        "method": "ofproto/trace",
        "params": ["br0", "in_port=1"],
    }
    assert calls.ask("version")[0] != number


@given(st.text(), st.data())
def test_an_answer_may_come_in_any_pieces(text: str, data: st.DataObject) -> None:
    calls = Calls()
    number, _ = calls.ask("version")
    sent = json.dumps({"id": number, "result": text, "error": None}).encode()
    cut = data.draw(st.integers(0, len(sent)))
    assert calls.receive(sent[:cut]) + calls.receive(sent[cut:]) == [
        Reply(number, text.strip("\n"), False)
    ]


def test_a_refusal_raises_the_daemons_words() -> None:
    calls = Calls()
    number, _ = calls.ask("nonsense")
    words = '"nonsense" is not a valid command'
    (reply,) = calls.receive(json.dumps({"id": number, "result": None, "error": words}).encode())
    with pytest.raises(UnixctlError, match="not a valid command"):
        _ = reply.result


@pytest.mark.parametrize("data", [b"[]", b'{"id": 7, "result": "x", "error": null}', b'{"a": }'])
def test_what_is_no_answer_is_an_error(data: bytes) -> None:
    calls = Calls()
    calls.ask("version")
    with pytest.raises(UnixctlError):
        calls.receive(data)


@given(st.binary(max_size=200))
def test_no_bytes_raise_anything_else(data: bytes) -> None:
    calls = Calls()
    calls.ask("version")
    with suppress(UnixctlError):
        assert len(calls.receive(data)) <= 1
