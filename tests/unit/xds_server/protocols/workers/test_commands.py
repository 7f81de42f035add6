import pytest

from xds_server.protocols.workers.commands import (
    COMMANDS,
    Allow,
    Answers,
    Assign,
    Body,
    Command,
    Drain,
    Drop,
    Listen,
    Pieces,
    Publish,
    Query,
    Start,
    Withdraw,
)
from xds_server.protocols.workers.framing import Frames

EVERY = [
    Start("::1", 18000, 12.5, "cert", "key", "", {"most": 3, "terms": {"age": 1.5}}),
    Body(1, b"\x00\xff"),
    Pieces(
        ((2, "type", "name", "v", "f.yaml:3", ("a", "b"), 1.5, True, 1),),
        ((3, "type", "v", "given", (2,)),),
        ((4, (3,), ("type",)),),
    ),
    Publish((("web-1", 4), ("web-2", 4))),
    Withdraw(("web-1",)),
    Drop((1, 2)),
    Listen(),
    Allow("web-1", 3),
    Assign((("", 0.0, 0), ("web-1", 4.5, 3)), b"abc"),
    Query(1, None, b"request"),
    Query(1, ("web-1",), b""),
    Answers(1, "", b"response"),
    Drain(2.0),
]


@pytest.mark.parametrize("command", EVERY, ids=lambda one: type(one).__name__)
def test_commands_come_back(command: Command) -> None:
    [frame] = Frames(1000).feed(COMMANDS.encode(command))
    assert COMMANDS.decode(frame) == command


def test_there_is_an_example_of_every_command() -> None:
    assert {type(one) for one in EVERY} == set(Command.__args__)


def test_keys_do_not_print() -> None:
    assert "secret" not in repr(Start("h", 1, 0.0, "cert", "secret", ""))
