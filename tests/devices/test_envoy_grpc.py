"""gRPC through a captured port: HTTP/2 on both sides, the client's address, and denials."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import grpc
import pytest

from tests.devices.envoy import envoy, namespace, run, started
from tests.plans import rule, shop_plan
from tests.unit.translators.envoy.doors import with_protocol, with_rules
from translators.envoy import translate
from translators.plan.model import AppProtocol, Compare, HttpMatch, StringMatch

pytestmark = [
    pytest.mark.device,
    pytest.mark.root,
    pytest.mark.envoy("requests decided by compiled resources"),
]

CALLS = """
import grpc
channel = grpc.insecure_channel("10.10.0.200:80")
print(channel.unary_unary("/greeter/Greet")(b"you", timeout=20).decode())
try:
    channel.unary_unary("/admin/Wipe")(b"", timeout=20)
except grpc.RpcError as error:
    print(error.code().name, error.details())
"""


@contextmanager
def _greeter(name: str) -> Iterator[None]:
    """Serve every method on port 8080 of every address, answering with the caller's address."""

    def greet(request: bytes, context: Any) -> bytes:
        family, address, _port = context.peer().split(":")
        return b"hello %s from %s %s" % (request, family.encode(), address.encode())

    server = grpc.server(ThreadPoolExecutor(max_workers=2))
    for service, method in (("greeter", "Greet"), ("admin", "Wipe")):
        handler = {method: grpc.unary_unary_rpc_method_handler(greet)}
        server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(service, handler),))
    with started(server, name, "0.0.0.0:8080") as port:
        assert port == 8080
        yield


def test_calls_are_decided_by_path_and_denied_in_grpcs_own_words(tmp_path: Path) -> None:
    allowed = HttpMatch(path=StringMatch(Compare.PREFIX, "/greeter"), methods=("POST",))
    fields = {"sources": ("shop/web",), "services": ("shop/reviews",), "http": allowed}
    plan = with_protocol(shop_plan(), AppProtocol.GRPC)
    plan = with_rules(plan, rule("shop/greet[0]", 1, **fields))
    with namespace() as name, _greeter(name):
        run(f"ip -n {name} route add local 10.10.0.200 dev lo src 10.10.0.11")
        with envoy(translate(plan, "host1"), tmp_path, name):
            argv = ["ip", "netns", "exec", name, sys.executable, "-c", CALLS]
            done = subprocess.run(argv, capture_output=True, text=True, check=False, timeout=60)
    assert done.stdout.splitlines() == [
        "hello you from ipv4 10.10.0.11",
        "PERMISSION_DENIED RBAC: access denied",
    ], done.stderr
