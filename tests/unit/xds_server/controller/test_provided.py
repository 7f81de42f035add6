import pytest

from translators.envoy.resources import CLUSTER, LISTENER
from translators.folder.read import EVERY, Contents, File, read_folder
from xds_server.controller.provided import NOTHING, VersionBook, clashes, joined, provided_of
from xds_server.controller.targets import Targets
from xds_server.snapshots.model import Resource, snapshot_of


def response(version: str, *names: str) -> str:
    listed = "".join(f"- {{'@type': {CLUSTER}, name: {name}}}\n" for name in names)
    return f"version_info: {version}\nresources:\n{listed}"


def contents(**texts: str) -> Contents:
    nodes = {"every": EVERY}
    return read_folder(File(f"{n}.yaml", nodes.get(n, n), text) for n, text in texts.items())


def test_a_node_gets_what_is_for_every_node_and_its_own() -> None:
    found = provided_of(contents(every=response("1", "a"), n=response("1", "b")))
    assert list(found.nodes["n"].of(CLUSTER)) == ["a", "b"]
    assert found.of("n") is found.nodes["n"]
    assert found.every is not None
    assert found.of("other") is found.every
    assert list(found.every.of(CLUSTER)) == ["a"]
    assert found.every.version(CLUSTER) == "1"


@pytest.mark.parametrize("text", ["# nothing", "resources: []"])
def test_a_folder_without_resources_gives_nothing(text: str) -> None:
    found = provided_of(contents(every=text, n=text))
    assert not found
    assert not NOTHING
    assert found.of("n") is None


def test_hosts_get_it_beside_what_is_compiled_with_a_version_of_the_whole() -> None:
    compiled = snapshot_of([Resource(LISTENER, "l", b"l")])
    found = provided_of(contents(every=response("1", "a"), n=response("1", "b")))
    targets = joined(Targets({"host1": compiled}), {"host1"}, found)
    assert set(targets.proxies) == {"host1", "n"}
    host = targets.proxies["host1"]
    assert (list(host.of(CLUSTER)), list(host.of(LISTENER))) == (["a"], ["l"])
    assert host.version(CLUSTER) == host.digest(CLUSTER)
    assert targets.others is found.every


def test_a_name_of_the_policy_and_of_the_folder_is_an_error_with_both_places() -> None:
    compiled = {"host1": snapshot_of([Resource(CLUSTER, "a", b"", origin="policy.yaml:7")])}
    [found] = clashes(compiled, provided_of(contents(every=response("1", "a"))))
    assert (found.file, found.line, found.code) == ("every.yaml", 3, "FS6004")
    assert "policy.yaml:7" in found.message
    assert clashes(compiled, provided_of(contents(other=response("1", "a")))) == ()


def test_one_version_never_comes_to_mean_two_contents() -> None:
    book = VersionBook()

    def serve(**texts: str) -> list[str]:
        told = contents(**texts)
        found = book.reused(told, provided_of(told))
        if not found:
            book.keep(provided_of(told))
        return [f"{one.file}:{one.line} {one.code}" for one in found]

    assert serve(every=response("1", "a")) == []
    assert serve(every=response("1", "a")) == []
    assert serve(every=response("1", "b")) == ["every.yaml:1 FS6011"]
    assert serve(every=response("2", "b")) == []
    assert serve(every=response("1", "b")) == ["every.yaml:1 FS6011"], "clients may hold the first"
    assert serve(every=response("1", "a")) == []
    own = {"every": response("1", "a"), "n": response("1", "b")}
    assert serve(**own) == ["every.yaml:1 FS6011", "n.yaml:1 FS6011"], "n held that of every node"
