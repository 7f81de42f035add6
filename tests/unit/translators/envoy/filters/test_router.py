"""The router."""

from envoy_data_plane.envoy.extensions.filters.http.router.v3 import Router

from translators.envoy.filters.router import router


def test_it_adds_no_headers_of_its_own() -> None:
    packed = router().typed_config
    assert packed is not None
    assert packed.unpack() == Router(suppress_envoy_headers=True)
