from translators.compiler.pipeline import compile_policy
from translators.policy.load import load

HOSTS = "".join(
    f"apiVersion: fsdn/v1\nkind: Host\nmetadata: {{name: {name}}}\n"
    f'spec: {{datapathId: "{n:016x}"}}\n---\n'
    for n, name in enumerate(("b", "a"), 1)
)
RESOURCE = """apiVersion: fsdn/v1
kind: EnvoyResource
metadata: {name: extra}
spec:
  hosts: HOSTS
  resources:
    - name: z
      "@type": x
"""
PATCH = """apiVersion: fsdn/v1
kind: EnvoyPatch
metadata: {name: amend}
spec:
  target: {type: Cluster, name: "*", host: HOST}
  operation: remove
"""


def test_all_hosts_and_named_hosts() -> None:
    for written, hosts in (("all", ("a", "b")), ("[b]", ("b",))):
        loaded = load(HOSTS + RESOURCE.replace("HOSTS", written), "f")
        (found,) = compile_policy(loaded.documents).plan.raw_resources
        assert (found.name, found.hosts) == ("extra[0]", hosts)


def test_the_text_is_canonical_and_knows_its_lines() -> None:
    loaded = load(HOSTS + RESOURCE.replace("HOSTS", "all"), "f")
    (found,) = compile_policy(loaded.documents).plan.raw_resources
    assert found.body == '{"@type": "x", "name": "z"}'
    assert found.origin.line == 17
    assert found.lines == (("/@type", 18), ("/name", 17))


def test_unknown_hosts_are_findings() -> None:
    text = RESOURCE.replace("HOSTS", "[a, c]") + "---\n" + PATCH.replace("HOST", "d")
    found = compile_policy(load(HOSTS + text, "f").documents).diagnostics
    assert [(d.code, d.line) for d in found] == [("FS1101", 15), ("FS1101", 24)]
