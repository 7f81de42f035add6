import pytest

from translators.envoy.resources import CLUSTER, ENDPOINT, LISTENER, ROUTE
from translators.folder.forms import Part, form_of

TYPED = {"@type": CLUSTER, "name": "a"}


def test_a_document_is_one_resource_or_a_list_of_them() -> None:
    assert form_of(TYPED).parts == (Part((), TYPED),)
    assert form_of([TYPED, TYPED]).parts == (Part((0,), TYPED), Part((1,), TYPED))


def test_a_response_as_envoy_reads_it_from_files_gives_a_version() -> None:
    for extra in (
        {},
        {"@type": "type.googleapis.com/envoy.service.discovery.v3.DiscoveryResponse"},
    ):
        found = form_of({**extra, "version_info": 7, "resources": [TYPED], "nonce": "x"})
        assert found.parts == (Part(("resources", 0), TYPED),)
        assert (found.version, found.version_path, found.wrong) == ("7", ("version_info",), ())


def test_a_wrapped_resource_is_unwrapped() -> None:
    wrapped = {"@type": "type.googleapis.com/envoy.service.discovery.v3.Resource"}
    found = form_of({"resources": [{**wrapped, "name": "a", "resource": TYPED}]})
    assert found.parts == (Part(("resources", 0, "resource"), TYPED),)


def test_a_bootstrap_gives_its_static_resources_and_says_what_is_its_own() -> None:
    lists = {"listeners": [{"name": "l"}], "clusters": [{"name": "c"}]}
    found = form_of({"admin": {}, "static_resources": lists})
    assert [part.value["@type"] for part in found.parts] == [LISTENER, CLUSTER]
    assert found.parts[0].path == ("static_resources", "listeners", 0)
    assert found.unused == (("admin",),)


def test_lists_by_kind_need_no_types() -> None:
    found = form_of({"routes": [{"name": "r"}], "endpoints": [{"cluster_name": "e"}]})
    assert [part.value["@type"] for part in found.parts] == [ROUTE, ENDPOINT]
    assert not found.unused


@pytest.mark.parametrize(
    ("value", "path", "mend"),
    [
        ("text", (), "write a resource"),
        ({"name": "a"}, (), "write the type"),
        ([{"name": "a"}], (0,), "write the type"),
        ({"resources": TYPED}, ("resources",), "before each"),
        ({"resources": [], "resorces": []}, ("resorces",), "its fields are"),
        ({"resources": [], "version_info": [1]}, ("version_info",), "in quotes"),
        ({"static_resources": []}, ("static_resources",), "write listeners"),
        ({"static_resources": {"secrets": []}}, ("static_resources", "secrets"), "--secrets"),
        ({"clusters": {}}, ("clusters",), "before each"),
        ({"clusters": ["a"]}, ("clusters", 0), "its fields"),
        ({"clusters": [], "cluster": []}, ("cluster",), "write one of"),
    ],
)
def test_what_is_no_resource_is_said_with_its_place(value: object, path: tuple, mend: str) -> None:
    [wrong] = form_of(value).wrong
    assert wrong.path == path
    assert mend in wrong.mend
