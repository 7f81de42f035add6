from translators.openflow.flow import Program
from translators.openflow.kept import KeptPrograms
from translators.plan.model import Plan


def test_a_program_is_made_once_for_a_plan_and_host() -> None:
    made: list[tuple[Plan, str]] = []

    def make(plan: Plan, host: str) -> Program:
        made.append((plan, host))
        return Program((), ())

    kept = KeptPrograms(make, most=2)
    one, other = Plan(), Plan()
    assert one == other  # equal, but another time
    first = kept.of(one, "a")
    assert kept.of(one, "a") is first
    assert kept.of(other, "a") is not first
    assert [host for _, host in made] == ["a", "a"]


def test_the_one_that_was_not_asked_for_longest_is_given_up() -> None:
    made: list[str] = []

    def make(plan: Plan, host: str) -> Program:
        made.append(host)
        return Program((), ())

    kept, plan = KeptPrograms(make, most=2), Plan()
    for host in ("a", "b", "a", "c", "a", "b"):
        kept.of(plan, host)
    assert made == ["a", "b", "c", "b"]
