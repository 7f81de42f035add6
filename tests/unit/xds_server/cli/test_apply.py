import json
from pathlib import Path

from tests.commanding import run
from tests.serving import SHOP, Serving

TENANT = "apiVersion: fsdn/v1\nkind: Tenant\nmetadata: {name: new}\n"
OTHER = TENANT.replace("new", "other")


def test_a_change_is_shown_stored_and_can_be_taken_back(server: Serving) -> None:
    state = server.state
    dry = run("apply", "-f", str(SHOP), "--dry-run", state=state)
    assert dry.code == 0
    assert "+ policy/shop/reviews" in dry.out
    assert dry.out.endswith("dry run: nothing was stored\n")

    first = run("apply", "-f", str(SHOP), "--wait", "acked", state=state)
    assert first.code == 0
    assert "revision 1 is stored" in first.out
    assert "not connected, so not asked: bridge/host1" in first.err

    again = run("apply", "-f", str(SHOP), state=state)
    assert again.out == "nothing changed, revision 1 holds\n"

    gone = run("delete", "policy/shop/reviews", state=state)
    assert gone.code == 0
    assert "- policy/shop/reviews" in gone.out

    back = run("rollback", "1", "-o", "json", state=state)
    told = json.loads(back.out)
    assert (told["revision"], told["changes"][0]["change"]) == (3, "added")


def test_what_files_declare_can_be_removed(server: Serving, tmp_path: Path) -> None:
    state = server.state
    assert run("apply", "-f", "-", state=state, stdin=TENANT + "---\n" + OTHER).code == 0
    (tmp_path / "tenant.yaml").write_text(TENANT)
    dry = run("delete", "-f", str(tmp_path), "--dry-run", "-o", "name", state=state)
    assert (dry.code, dry.out) == (0, "tenant/new\n")
    both = run("delete", "tenant/other", "-f", "-", "-o", "name", state=state, stdin=TENANT)
    assert (both.code, both.out) == (0, "tenant/new\ntenant/other\n")
    assert run("get", "all", "-o", "name", state=state).out == ""


def test_a_wrong_file_removes_nothing(server: Serving) -> None:
    run("apply", "-f", "-", state=server.state, stdin=TENANT)
    done = run("delete", "-f", "-", state=server.state, stdin=TENANT + "---\nkind: Host\n")
    assert done.code == 1
    assert done.err.startswith("stdin:5: FS1")
    assert done.err.endswith("the files have errors, so nothing was removed\n")
    assert run("get", "all", "-o", "name", state=server.state).out == "tenant/new\n"
    for words in ((), ("-f", "/no/such/file"), ("--all", "tenant/new")):
        assert run("delete", *words, state=server.state).code in (1, 2)


def test_names_are_those_of_what_changes(server: Serving) -> None:
    state = server.state
    first = run("apply", "-f", "-", "-o", "name", state=state, stdin=TENANT + "---\n" + OTHER)
    assert first.out == "tenant/new\ntenant/other\n"
    moved = run("apply", "-f", "-", "-o", "name", state=state, stdin="\n" + TENANT)
    assert moved.out == ""  # another line is no change
    changed = TENANT + "spec: {default: allow}\n"
    diff = run("diff", "-f", "-", "-o", "name", state=state, stdin=changed)
    assert (diff.code, diff.out) == (1, "tenant/new\n")
    back = run("rollback", "1", "--dry-run", "-o", "name", state=state)
    assert (back.code, back.out) == (0, "")


def test_errors_are_listed_as_compilers_do_and_nothing_is_stored(server: Serving) -> None:
    done = run("apply", "-f", "-", state=server.state, stdin="kind: Tenannt\n---\nkind: Host\n")
    assert done.code == 1
    lines = done.err.splitlines()
    assert lines[0].startswith("stdin:1: FS1")
    assert any(line.startswith("stdin:3: FS1") for line in lines)
    assert lines[-1].startswith("fsdn: refused:")
    assert "nothing was applied" in run("status", state=server.state).out


def test_pruning_keeps_only_what_is_given(server: Serving) -> None:
    run("apply", "-f", "-", state=server.state, stdin=TENANT)
    other = TENANT.replace("new", "other")
    done = run("apply", "-f", "-", "--prune", state=server.state, stdin=other)
    assert "- tenant/new" in done.out
    assert run("get", "all", "-o", "name", state=server.state).out == "tenant/other\n"
    empty = run("apply", "-f", "-", "--prune", state=server.state, stdin="# nothing\n")
    assert empty.code == 1
    assert run("get", "all", "-o", "name", state=server.state).out == "tenant/other\n"
    assert run("delete", "--all", state=server.state).code == 0


def test_waiting_in_vain_has_its_own_exit_code(server: Serving, tmp_path: Path) -> None:
    from xds_server.cli.apply import _late

    waited = {"revision": 3, "outstanding": ["proxy/host1 STALE"]}
    assert "proxy/host1 STALE" in _late(waited, 5)
    stuck = run("apply", "-f", str(SHOP), "--wait", "acked", state=server.state)
    assert stuck.code == 0  # nobody is connected, so nobody is waited for
