import pytest

from translators.envoy.message_types import message_type


def test_an_extension_is_imported_when_it_is_named() -> None:
    found = message_type("type.googleapis.com/envoy.extensions.filters.http.tap.v3.Tap")
    assert found is not None
    assert found.__name__ == "Tap"


@pytest.mark.parametrize(
    "url",
    [
        "",
        "type.googleapis.com/os.Path",
        "type.googleapis.com/envoy.config.cluster.v3.Nothing",
        "type.googleapis.com/envoy.nowhere.v3.Cluster",
        "envoy.config.cluster.v3.Cluster",
        "type.googleapis.com/..os.Cluster",
    ],
)
def test_what_is_no_type_of_the_api_is_none(url: str) -> None:
    assert message_type(url) is None
