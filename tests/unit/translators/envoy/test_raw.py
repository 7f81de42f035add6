import json
from dataclasses import replace

from tests.plans import shop_plan
from translators.diagnostics import Diagnostic
from translators.envoy import proxy
from translators.envoy.proxies import translated
from translators.envoy.proxy import translate
from translators.envoy.raw import SERVED, parsed, raw_by_host
from translators.envoy.resources import CLUSTER, ENDPOINT
from translators.plan.model import Origin, Plan, RawResource

API = "type.googleapis.com/envoy."


def raw(name: str, *hosts: str, **fields: object) -> RawResource:
    body = json.dumps({"@type": CLUSTER, "name": name, **fields}, sort_keys=True)
    return RawResource(f"x/{name}", hosts, body, Origin("raw.yaml", 7), (("/name", 9),))


def plan_with(*resources: RawResource) -> Plan:
    return replace(shop_plan(), raw_resources=resources)


def findings(plan: Plan) -> tuple[Diagnostic, ...]:
    return proxy.findings(translated(plan))


def test_hosts_with_the_same_raw_resources_share_them() -> None:
    both = raw_by_host(plan_with(raw("a", "host1", "host2"), raw("b", "host1", "host2")))
    assert both["host1"] is both["host2"]
    more = raw_by_host(plan_with(raw("a", "host1", "host2"), raw("b", "host2")))
    assert [list(more[host][CLUSTER]) for host in ("host1", "host2")] == [["a"], ["a", "b"]]


def test_raw_resources_stand_beside_the_compiled_ones() -> None:
    plan = plan_with(raw("mine", "host1"))
    own = raw_by_host(plan)["host1"][CLUSTER]["mine"]
    assert (own.type_url, own.name, own.origin) == (CLUSTER, "mine", "raw.yaml:7")
    assert translate(plan, "host1") == tuple(sorted((*translate(shop_plan(), "host1"), own)))
    assert list(raw_by_host(plan)) == ["host1"]
    assert findings(plan) == ()


def test_a_name_that_is_taken_is_refused_where_it_is_written() -> None:
    compiled = next(r.name for r in translate(shop_plan(), "host1") if r.type_url == CLUSTER)
    (found,) = findings(plan_with(raw(compiled, "host1")))
    assert (found.code, found.line) == ("FS6004", 9)
    (found,) = findings(plan_with(raw("mine", "host1"), raw("mine", "host1", type="EDS")))
    assert (found.code, found.line) == ("FS6004", 9)
    assert findings(plan_with(raw("mine", "host1"), raw("mine", "host2"))) == ()


def test_a_resource_needs_a_name() -> None:
    assert parsed(json.dumps({"@type": CLUSTER})).wrong[0].message == "name is missing"
    assert parsed(json.dumps({"@type": ENDPOINT})).wrong[0].message == "cluster_name is missing"
    assert parsed(json.dumps({"@type": ENDPOINT, "clusterName": "a"})).name == "a"


def test_only_what_is_served_by_itself_is_taken() -> None:
    secret = API + "extensions.transport_sockets.tls.v3.Secret"
    checks = API + "service.health.v3.HealthCheckSpecifier"
    mends = {secret: "--secrets", API + "config.core.v3.Address": "one of", checks: "--resources"}
    for url, mend in mends.items():
        (wrong,) = parsed(json.dumps({"@type": url})).wrong
        assert wrong.code == "FS6001"
        assert mend in wrong.mend
    assert secret not in SERVED


def test_a_resource_with_an_error_is_not_served() -> None:
    plan = plan_with(raw("mine", "host1", nothing=1))
    assert raw_by_host(plan) == {}
    (found,) = findings(plan)
    assert (found.code, found.file, found.line, found.path) == ("FS6002", "raw.yaml", 7, "nothing")
