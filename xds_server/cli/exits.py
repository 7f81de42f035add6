"""Exit codes, the same for every command, and the one exception that carries them out."""

from __future__ import annotations

from enum import IntEnum


class Exit(IntEnum):
    """What a command's exit code means."""

    OK = 0
    REFUSED = 1
    USAGE = 2
    DENIED = 3
    SERVER = 4
    TIMEOUT = 5
    MACHINE = 6
    DIFFERENT = 7


MEANINGS = {
    Exit.OK: "Done. Of `diff`: nothing would change. Of `explain`: the traffic is allowed.",
    Exit.REFUSED: "The input or the request was refused, and nothing was changed. Of `diff`: "
    "something would change. Of `status --check`: not every declared device is SYNCED. Of `drift`: "
    "a bridge differs from what it should hold, with `--fix` still.",
    Exit.USAGE: "The command line is wrong, or a file that it names cannot be read. Of `diff`: the "
    "input has errors.",
    Exit.DENIED: "Of `explain`: the traffic is denied.",
    Exit.SERVER: "The server cannot be reached, or refuses the token or certificate. Of "
    "`explain --live`: a host's vswitch cannot be asked.",
    Exit.TIMEOUT: "Time is over: `--timeout`, or the server did not answer.",
    Exit.MACHINE: "The machine is not as needed: a port in use, a missing privilege or program, a "
    "directory that is not ours.",
    Exit.DIFFERENT: "Of `explain --live`: a bridge does something else than is predicted.",
}
"""What scripts may rely on; other codes are those of the shell (130: ended by Ctrl-C)."""

HELP = (
    "Exit codes: 0 done, allowed or equal; 1 refused or different; 2 wrong usage; "
    "3 denied (explain); 4 no server, or it refuses the token; 5 out of time; "
    "6 the machine is not as needed; 7 a bridge differs (explain --live)."
)


class Fail(Exception):  # noqa: N818 - it ends a command, often for a reason that is no error
    """End the command with a sentence for the operator and an exit code."""

    def __init__(self, sentence: str, code: Exit) -> None:
        self.code = code
        super().__init__(sentence)
