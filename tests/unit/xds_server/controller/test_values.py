from xds_server.controller.values import ChangeKind, ObjectChange, StoredObject


def test_objects_sort_by_key_and_changes_by_kind_first() -> None:
    one = StoredObject("host/a", "Host", "", "a", "f", 1, "")
    two = StoredObject("policy/a/b", "Policy", "a", "b", "f", 1, "")
    assert sorted([two, one]) == [one, two]
    changes = [ObjectChange(ChangeKind.REMOVED, one), ObjectChange(ChangeKind.ADDED, two)]
    assert sorted(changes)[0].object is two
