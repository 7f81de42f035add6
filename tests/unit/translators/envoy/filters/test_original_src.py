"""The client's own address upstream."""

from envoy_data_plane.envoy.extensions.filters.listener.original_src.v3 import OriginalSrc

from translators.envoy.filters.original_src import original_src


def test_the_address_is_kept_and_the_port_is_free() -> None:
    packed = original_src().typed_config
    assert packed is not None
    assert packed.unpack() == OriginalSrc(bind_port=False, mark=0)
