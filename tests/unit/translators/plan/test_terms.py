import pytest

from translators.plan.terms import TCP, UDP, AppProtocol, Origin


@pytest.mark.parametrize(
    ("protocol", "is_http", "transport"),
    [
        ("http", True, TCP),
        ("http2", True, TCP),
        ("grpc", True, TCP),
        ("tcp", False, TCP),
        ("udp", False, UDP),
    ],
)
def test_what_a_port_speaks(protocol: str, is_http: bool, transport: int) -> None:
    assert AppProtocol(protocol).is_http is is_http
    assert AppProtocol(protocol).transport == transport


def test_an_origin_prints_as_editors_read_it() -> None:
    assert str(Origin("shop.yaml", 7)) == "shop.yaml:7"
