from tests.unit.translators.policy.specimens import GOOD, TENANTED, good
from translators.policy.kinds import FUTURE_FIELDS, FUTURE_KINDS, KINDS
from translators.policy.load import load
from translators.policy.shape import Metadata


def test_every_kind_reads_its_specimen() -> None:
    assert set(GOOD) == set(KINDS)
    for kind, model in KINDS.items():
        assert isinstance(good(kind), model)
        assert isinstance(good(kind).metadata, Metadata) is (kind in TENANTED)


def test_kinds_to_come_are_not_here_and_say_so() -> None:
    assert not FUTURE_KINDS & set(KINDS)
    for kind in sorted(FUTURE_KINDS):
        (found,) = load(f"kind: {kind}\n", "f").diagnostics
        assert found.code == "FS1013"


def test_no_field_of_today_is_announced_for_later() -> None:
    today = {
        info.alias or name
        for model in KINDS.values()
        for name, info in model.model_fields["spec"].annotation.model_fields.items()
    }
    assert not today & FUTURE_FIELDS
