"""A text that a program reads on its standard input."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO


@contextmanager
def standard_input(text: str) -> Iterator[IO[bytes]]:
    """Give a nameless file to start a program with.

    No pipe: under uvloop, writing to one raises a RuntimeError where the program ended before it
    was written to, and nothing is then learnt of why it ended.
    """
    with tempfile.TemporaryFile() as file:
        file.write(text.encode())
        file.seek(0)
        yield file
