"""Resources as values."""

from translators.envoy.resources import CLUSTER, ENDPOINT, LISTENER, ROUTE, EncodedResource


def test_type_urls_are_those_of_the_protocol() -> None:
    assert {url.rpartition("/")[2] for url in (CLUSTER, ENDPOINT, LISTENER, ROUTE)} == {
        "envoy.config.cluster.v3.Cluster",
        "envoy.config.endpoint.v3.ClusterLoadAssignment",
        "envoy.config.listener.v3.Listener",
        "envoy.config.route.v3.RouteConfiguration",
    }


def test_resources_sort_by_type_and_name() -> None:
    resources = [EncodedResource(u, n, b"", "") for u, n in (("b", "a"), ("a", "b"), ("a", "a"))]
    assert [(r.type_url, r.name) for r in sorted(resources)] == [("a", "a"), ("a", "b"), ("b", "a")]
