"""Ask a server over mutual TLS whether it is ready: the health check where there is no curl."""

from __future__ import annotations

import ssl
import sys
import urllib.request

from integration.compose.node import KEYS


def main() -> int:
    """Return 0 if the URL that is given answers 200, by the container's own certificate."""
    context = ssl.create_default_context(cafile=f"{KEYS}/ca.crt")
    context.load_cert_chain(f"{KEYS}/tls.crt", f"{KEYS}/tls.key")
    with urllib.request.urlopen(sys.argv[1], timeout=3, context=context) as answer:
        return 0 if answer.status == 200 else 1


if __name__ == "__main__":
    sys.exit(main())
