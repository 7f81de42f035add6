"""Exit codes, the same for every command, and the one exception that carries them out."""

from __future__ import annotations

from enum import IntEnum


class Exit(IntEnum):
    """What a command's exit code means."""

    OK = 0
    REFUSED = 1  # the input has errors; of diff: there are differences; of status --check: not all
    USAGE = 2  # the command line, or a file it names; of diff: the input has errors
    DENIED = 3  # of explain: the traffic is denied
    SERVER = 4  # the server cannot be reached, or refuses the token
    TIMEOUT = 5  # the time given with --timeout is over
    MACHINE = 6  # a port in use, a missing privilege or program, a directory that is not ours


HELP = (
    "Exit codes: 0 done, allowed or equal; 1 refused or different; 2 wrong usage; "
    "3 denied (explain); 4 no server, or it refuses the token; 5 out of time; "
    "6 the machine is not as needed."
)


class Fail(Exception):  # noqa: N818 - it ends a command, often for a reason that is no error
    """End the command with a sentence for the operator and an exit code."""

    def __init__(self, sentence: str, code: Exit) -> None:
        self.code = code
        super().__init__(sentence)
