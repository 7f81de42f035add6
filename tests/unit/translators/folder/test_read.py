from tests.unit.translators.envoy.test_health_checks import CLUSTER as CHECKED
from tests.unit.translators.folder.test_checks import text
from translators.envoy.resources import CLUSTER, LISTENER
from translators.folder.read import EVERY, File, Given, read_folder

ONE = f"# a comment\n---\n'@type': {CLUSTER}\nname: one\nconnect_timeout: 1s\n"


def cluster(name: str) -> str:
    return f"---\n'@type': {CLUSTER}\nname: {name}\n"


def test_resources_come_with_the_file_and_line_of_their_names() -> None:
    found = read_folder([File("d/a.yaml", EVERY, ONE + cluster("two"))])
    assert found.diagnostics == ()
    held = found.nodes[EVERY].resources
    assert [one.origin for one in held.values()] == ["d/a.yaml:4", "d/a.yaml:8"]
    assert held[CLUSTER, "one"].body.startswith(b"\x0a\x03one")


def test_files_of_a_node_are_its_own() -> None:
    files = [File("d/a.yaml", EVERY, ONE), File("d/n/b.yaml", "n", cluster("two"))]
    found = read_folder(files)
    assert [list(held.resources) for held in found.nodes.values()] == [
        [(CLUSTER, "one")],
        [(CLUSTER, "two")],
    ]


def test_every_error_of_every_file_is_told_at_its_line() -> None:
    bad = f"'@type': {CLUSTER}\nname: x\nconect_timeout: 1s\nlb_policy: NOPE\n"
    found = read_folder([File("a.yaml", "", bad), File("b.yaml", "", "a: [\n")])
    assert [(d.file, d.line, d.code) for d in found.diagnostics] == [
        ("a.yaml", 3, "FS6002"),
        ("a.yaml", 4, "FS6003"),
        ("b.yaml", 1, "FS1001"),
    ]
    assert "did you mean connect_timeout?" in str(found.diagnostics[0])


def test_two_owners_of_one_name_are_an_error_with_both_places() -> None:
    for node in (EVERY, "n"):
        files = [File("a.yaml", EVERY, ONE), File("b.yaml", node, cluster("one"))]
        [finding] = read_folder(files).diagnostics
        assert (finding.file, finding.line, finding.code) == ("b.yaml", 3, "FS6004")
        assert "it is at a.yaml:4" in finding.message


def test_two_nodes_may_have_resources_of_one_name() -> None:
    files = [File(f"{n}.yaml", n, cluster("one")) for n in ("m", "n")]
    assert read_folder(files).diagnostics == ()


def test_a_version_is_given_for_the_types_of_its_file() -> None:
    text = f"version_info: v1\nresources:\n- '@type': {LISTENER}\n  name: l\n"
    found = read_folder([File("a.yaml", EVERY, text)])
    assert found.nodes[EVERY].given == (Given(LISTENER, "v1", "a.yaml", 1),)
    files = [File("a.yaml", EVERY, text), File("n/b.yaml", "n", text.replace("v1", "v2"))]
    found = read_folder([files[0], File("n/b.yaml", "n", files[1].text.replace(": l", ": m"))])
    [finding] = found.diagnostics
    assert (finding.file, finding.code) == ("n/b.yaml", "FS6010")
    assert "v1 at a.yaml:1" in finding.message


def test_a_bootstraps_own_fields_are_a_warning() -> None:
    text = "admin: {}\nstatic_resources:\n  clusters:\n  - name: c\n"
    found = read_folder([File("a.yaml", EVERY, text)])
    assert [(d.code, str(d.severity)) for d in found.diagnostics] == [("FS6009", "warning")]
    assert list(found.nodes[EVERY].resources) == [(CLUSTER, "c")]


def test_secrets_are_refused_with_the_place_to_put_them() -> None:
    kind = "type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.Secret"
    [finding] = read_folder([File("a.yaml", EVERY, f"'@type': {kind}\nname: s\n")]).diagnostics
    assert "--secrets" in finding.mend


def test_comments_alone_and_json_are_read() -> None:
    assert read_folder([File("a.yaml", EVERY, "# nothing\n")]).nodes[EVERY].resources == {}
    text = f'{{"@type": "{CLUSTER}",\n "name": "c"}}'
    assert read_folder([File("a.json", EVERY, text)]).nodes[EVERY].resources


def test_checks_stand_beside_resources_one_set_a_node() -> None:
    found = read_folder(
        [File("a.yaml", EVERY, ONE + "---\n" + text(CHECKED)), File("n/b.yaml", "n", "")]
    )
    assert found.diagnostics == ()
    assert found.nodes["n"].checks is None
    checks = found.nodes[EVERY].checks
    assert checks is not None
    assert (checks.origin, checks.clusters[0].origin) == ("a.yaml:8", "a.yaml:11")
    assert list(found.nodes[EVERY].resources) == [(CLUSTER, "one")]


def test_a_second_set_of_a_node_is_an_error_and_its_own_beside_the_common_one_is_not() -> None:
    both = [File("a.yaml", "n", text(CHECKED)), File("b.yaml", "n", text(CHECKED))]
    [finding] = read_folder(both).diagnostics
    assert (finding.file, finding.line, finding.code) == ("b.yaml", 2, "FS6004")
    assert "it is at a.yaml:2" in finding.message
    own = [File("a.yaml", EVERY, text(CHECKED)), File("n/b.yaml", "n", text())]
    assert read_folder(own).diagnostics == ()


def test_what_envoy_would_not_check_is_told_at_its_line() -> None:
    broken = text({**CHECKED, "health_checks": []})
    [finding] = read_folder([File("a.json", "n", broken)]).diagnostics
    assert (finding.code, finding.line) == ("FS6003", 6)
    assert finding.path == "cluster_health_checks.0.health_checks"


def test_a_folder_that_belongs_to_no_node_is_a_warning() -> None:
    [finding] = read_folder([], ["d/n/deep"]).diagnostics
    assert (finding.code, finding.file, str(finding.severity)) == ("FS6017", "d/n/deep", "warning")
