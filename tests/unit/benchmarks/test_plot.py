import itertools
from xml.etree import ElementTree

import pytest

from benchmarks.plot import loglog

SVG = "{http://www.w3.org/2000/svg}"


def test_a_plot_shows_every_point_where_its_decade_is() -> None:
    root = ElementTree.fromstring(loglog("t", "x", "y", {"a": [(10, 1), (100, 10), (1000, 100)]}))
    dots = [(float(c.attrib["cx"]), float(c.attrib["cy"])) for c in root.iter(f"{SVG}circle")]
    steps = [(b[0] - a[0], a[1] - b[1]) for a, b in itertools.pairwise(dots)]
    assert len(dots) == 3
    assert steps[0] == pytest.approx(steps[1], abs=0.2)
    assert steps[0][0] > 0
    assert steps[0][1] > 0


def test_series_are_named_and_told_apart() -> None:
    text = loglog("t", "x", "y", {"ours": [(10, 1)], "peer": [(10, 2)]})
    root = ElementTree.fromstring(text)
    assert {"ours", "peer"} <= {label.text for label in root.iter(f"{SVG}text")}
    assert len({dot.attrib["fill"] for dot in root.iter(f"{SVG}circle")}) == 2
    assert text == loglog("t", "x", "y", {"ours": [(10, 1)], "peer": [(10, 2)]})
