"""A small world for the compiler's unit tests: one tenant, two workloads, one service."""

from typing import Any

from tests.properties.worlds import Thing, documents_of, thing
from translators.compiler.pipeline import Compilation, compile_policy
from translators.diagnostics import has_errors
from translators.plan.model import Plan

HTTP: Thing = {"name": "http", "port": 80, "targetPort": 8080, "protocol": "http"}
SQL: Thing = {"name": "sql", "port": 5432}


def segment(name: str = "front", number: int = 10, **fields: Any) -> Thing:
    spec = {"vni": 1000 + number, "subnets": [f"10.{number}.0.0/24", f"fd10:{number}::/64"]}
    pool = {"services": [f"10.{number}.0.192/26", f"fd10:{number}::ff00/120"]}
    return thing("Segment", name, {**spec, **pool, **fields}, "shop")


def host(name: str = "host1", number: int = 1, **fields: Any) -> Thing:
    return thing("Host", name, {"datapathId": f"{number:016x}", **fields})


def workload(name: str, index: int, app: str, **fields: Any) -> Thing:
    spec: Thing = {
        "segment": "front",
        "addresses": [f"10.10.0.{index}", f"fd10:10::{index}"],
        "mac": f"02:00:00:00:00:{index:02x}",
        "host": "host1",
        "port": name,
    }
    return thing("Workload", name, {**spec, **fields}, "shop", app=app, version=f"v{index % 2 + 1}")


def service(name: str = "api", *ports: Thing, **fields: Any) -> Thing:
    spec = {"ports": list(ports or (HTTP,)), "selector": {"app": "api"}, **fields}
    return thing("Service", name, {k: v for k, v in spec.items() if v is not ...}, "shop")


def policy(name: str, *rules: Thing, **fields: Any) -> Thing:
    source = {"from_": [{"labels": {"app": "web"}}], "to": [{"service": "api"}], **fields}
    source["from"] = source.pop("from_")
    return thing("Policy", name, {**source, "rules": list(rules)}, "shop")


def world(*more: Thing, default: str = "deny") -> list[Thing]:
    """Return web and two workloads of api in segment front, and what else is given."""
    given = {(t["kind"], t["metadata"]["name"]) for t in more}
    return [
        thing("Tenant", "shop", {"default": default}),
        *(() if ("Segment", "front") in given else (segment(),)),
        *(() if ("Host", "host1") in given else (host(),)),
        workload("web", 11, "web"),
        workload("api-1", 20, "api"),
        workload("api-2", 21, "api"),
        *more,
    ]


def compiled(*more: Thing, default: str = "deny") -> Compilation:
    return compile_policy(documents_of(world(*more, default=default)))


def plan_of(*more: Thing, default: str = "deny") -> Plan:
    """Return the plan of a world without errors."""
    found = compiled(*more, default=default)
    assert not has_errors(found.diagnostics), found.diagnostics
    return found.plan


def codes(*more: Thing) -> list[str]:
    return sorted(d.code for d in compiled(*more).diagnostics)
