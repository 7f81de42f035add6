from random import Random

import pytest
from yaml import safe_load

from tests.properties.strategies import random_plan
from tests.unit.translators.compiler.small import plan_of, policy, service
from translators.plan.canonical import plain, to_yaml
from translators.plan.model import Compare, HttpMatch, Origin, Plan, PortRange, StringMatch

MATCH = {
    "http": {"headers": {"x-a": {"exact": "on"}, "x-b": {"present": True}}, "hosts": ["a.example"]},
    "tcp": {"ports": [80, "90-99"]},
}


def read(text: str) -> object:
    return safe_load(text)


def test_a_rule_reads_like_what_its_author_wrote() -> None:
    api = service("api", {"name": "http", "port": 80, "protocol": "http"})
    text = to_yaml(plan_of(api, policy("p", {"match": MATCH, "action": "allow"})))
    assert "    transport: {protocol: 6, ports: [80, 90-99]}\n" in text.replace('"', "")
    assert (
        '    http: {hosts: [a.example], headers: {x-a: {exact: "on"}, x-b: {present: true}}}\n'
        in text
    )


@pytest.mark.parametrize("seed", range(10))
def test_yaml_says_what_the_plan_says(seed: int) -> None:
    plan = random_plan(Random(seed))
    expected = {name: value for name, value in plain(plan).items() if value}
    assert read(to_yaml(plan)) == expected


def test_an_empty_plan_is_an_empty_mapping() -> None:
    assert read(to_yaml(Plan())) == {}


def test_short_forms() -> None:
    assert plain(PortRange(80, 80)) == 80
    assert plain(PortRange(1, 2)) == "1-2"
    assert plain(Origin("a.yaml", 3)) == "a.yaml:3"
    assert plain(StringMatch(Compare.PREFIX, "/a")) == {"prefix": "/a"}
    assert plain(HttpMatch(methods=("GET",))) == {"methods": ["GET"]}
    assert plain((("switch", "port"), ("a", "b"))) == [["switch", "port"], ["a", "b"]]
