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
    def names(*resources: Resource) -> list[bytes]:
        if dialect is Dialect.SOTW:
            data = responses.encode_sotw(URL, "same", "1", resources)
        else:
            data = responses.encode_delta(URL, "same", "1", resources, [])
        return [resource.body for resource in resources if resource.body in data]

    many = [Resource(URL, f"c{n}", b"body-%d;" % n) for n in range(40)]
    assert names(*many) == [resource.body for resource in many]
    assert names(many[1]) == [many[1].body]
    assert names(many[2]) == [many[2].body]
    for number, resource in enumerate(many):  # more contents than are kept
        responses.encode_sotw(URL, f"v{number}", "1", [resource])
    assert names(many[1]) == [many[1].body]
    assert len(responses._recent) <= responses._MOST_SHARED
