"""Ask the server's REST API from a container, over mutual TLS: GET a path, print the answer."""

from __future__ import annotations

import os
import ssl
import sys
import urllib.request
from pathlib import Path

from integration.compose.node import KEYS


def main() -> int:
    """Print what the path that is given answers; an error status ends the program."""
    context = ssl.create_default_context(cafile=f"{KEYS}/ca.crt")
    context.load_cert_chain(f"{KEYS}/tls.crt", f"{KEYS}/tls.key")
    token = Path(f"{KEYS}/token").read_text().strip()
    request = urllib.request.Request(os.environ["FSDN_API"] + sys.argv[1])
    request.add_header("Authorization", f"Bearer {token}")
    with urllib.request.urlopen(request, timeout=65, context=context) as answer:
        sys.stdout.buffer.write(answer.read())
    return 0


if __name__ == "__main__":
    sys.exit(main())
