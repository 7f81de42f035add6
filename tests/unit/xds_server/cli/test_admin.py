import pytest

from tests.devices import xds_resources as make
from translators.envoy.rendering import as_dict
from xds_server.cli.admin import config_dump, read
from xds_server.cli.exits import Exit, Fail
from xds_server.protocols.xds.resource_types import CLUSTER, ENDPOINT


def test_a_dump_reads_as_what_was_sent() -> None:
    cluster, endpoints = make.cluster("a"), make.endpoints("a", "/run/a.sock")
    own = as_dict(CLUSTER, cluster.body)
    dump = {
        "configs": [
            {"@type": "x", "bootstrap": {}},
            {"dynamic_active_clusters": [{"cluster": own}], "static_clusters": [{"cluster": own}]},
            {"dynamic_endpoint_configs": [{"endpoint_config": as_dict(ENDPOINT, endpoints.body)}]},
            {"dynamic_listeners": [{"name": "warming", "warming_state": {}}]},
        ]
    }
    assert read(dump) == {
        (CLUSTER, "a"): own,
        (ENDPOINT, "a"): as_dict(ENDPOINT, endpoints.body),
    }


def test_what_the_api_does_not_know_is_kept_as_it_is() -> None:
    odd = {"@type": CLUSTER, "name": "a", "of_tomorrow": 1}
    assert read({"configs": [{"dynamic_active_clusters": [{"cluster": odd}]}]}) == {
        (CLUSTER, "a"): odd
    }


@pytest.mark.parametrize("admin", ["127.0.0.1:1", "/nothing/here.sock"])
def test_nobody_at_the_address_is_said(admin: str) -> None:
    with pytest.raises(Fail, match="check --admin") as failed:
        config_dump(admin)
    assert failed.value.code is Exit.SERVER
