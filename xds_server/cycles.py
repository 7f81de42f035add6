"""Reference cycles: how often a process that serves looks for them."""

import gc


def collect_rarely() -> None:
    """Let the cycle collector leave alone what is loaded, and look at the rest less often.

    A collection of everything stops the server for a tenth of a second where policy is large, and
    finds little: plans and snapshots have no cycles, so that reference counts free them.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)
