import pytest

from tests.conversations.xds.responses import read
from xds_server.protocols.xds import responses
from xds_server.protocols.xds.ads import Dialect
from xds_server.protocols.xds.protobuf import put_text
from xds_server.snapshots.model import Resource

URL = "type.googleapis.com/x.Y"


def test_responses() -> None:
    resource = Resource(URL, "a", put_text(1, "a"))
    data = responses.encode_delta(
        URL, "v", "n", [resource], ["gone"], {"odd": responses.ResourceError(12, "not served")}
    )
    response = read(data, Dialect.DELTA)
    assert response.bodies == {"a": resource.body}
    assert response.versions == {"a": resource.version}
    assert (response.removed, response.errors) == (("gone",), ("not served",))
    whole = read(responses.encode_sotw(URL, "v", "n", [resource]), Dialect.SOTW)
    assert (whole.version, whole.nonce, whole.bodies) == ("v", "n", {"a": resource.body})


@pytest.mark.parametrize("dialect", Dialect)
def test_what_is_encoded_once_is_never_sent_in_place_of_other_content(dialect: Dialect) -> None:
    def sent(*resources: Resource, version: str = "same") -> set[bytes]:
        if dialect is Dialect.SOTW:
            data = responses.encode_sotw(URL, version, "1", resources)
        else:
            data = responses.encode_delta(URL, version, "1", resources, [])
        return set(read(data, dialect).bodies.values())

    many = [Resource(URL, f"c{n}", put_text(1, f"c{n}")) for n in range(40)]
    assert sent(*many) == {resource.body for resource in many}
    assert sent(many[1]) == {many[1].body}
    assert sent(many[2]) == {many[2].body}
    for number, resource in enumerate(many):  # more contents than are kept
        assert sent(resource, version=f"v{number}") == {resource.body}
    assert sent(many[1]) == {many[1].body}
    assert len(responses._recent) <= responses._MOST_SHARED
