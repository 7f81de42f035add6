from integration.scenarios.shop import EXAMPLES
from integration.scenarios.survival import NEW, OLD


def test_the_example_has_the_split_that_the_demo_moves() -> None:
    text = (EXAMPLES / "policies.yaml").read_text()
    assert text.count(OLD) == 1
    assert NEW not in text
