"""A line chart with logarithmic axes as SVG, in a few lines of our own."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

Points = Sequence[tuple[float, float]]

WIDTH, HEIGHT, MARGIN, LEGEND = 640, 400, 60, 190
COLOURS = ("#1f5fbf", "#d1495b", "#3a8f5c", "#b07d12", "#6d4aa3", "#555555")


def loglog(title: str, x_label: str, y_label: str, series: Mapping[str, Points]) -> str:
    """Return an SVG of the series; every coordinate must be above 0."""
    xs = [x for points in series.values() for x, _ in points]
    ys = [y for points in series.values() for _, y in points]
    across = _scale(xs, MARGIN, WIDTH - LEGEND)
    up = _scale(ys, HEIGHT - MARGIN, MARGIN)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" '
        'font-family="sans-serif" font-size="12">',
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="white"/>',
        _text(WIDTH / 2, 24, title, size=15),
        _text((MARGIN + WIDTH - LEGEND) / 2, HEIGHT - 16, x_label),
        _text(MARGIN, MARGIN - 14, y_label),
    ]
    for decade in _decades(ys):
        line = f"M{MARGIN} {up(decade):.1f}H{WIDTH - LEGEND}"
        parts += [_path(line, "#dddddd"), _text(MARGIN - 6, up(decade) + 4, decade, "end")]
    for x in sorted(set(xs)):
        line = f"M{across(x):.1f} {MARGIN}V{HEIGHT - MARGIN}"
        parts += [_path(line, "#eeeeee"), _text(across(x), HEIGHT - MARGIN + 16, x)]
    for number, (name, points) in enumerate(series.items()):
        colour = COLOURS[number % len(COLOURS)]
        where = [(across(x), up(y)) for x, y in points]
        parts.append(_path("M" + "L".join(f"{x:.1f} {y:.1f}" for x, y in where), colour))
        parts += [f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3" fill="{colour}"/>' for x, y in where]
        row = MARGIN + 20 * number
        parts.append(_path(f"M{WIDTH - LEGEND + 12} {row}h18", colour))
        parts.append(_text(WIDTH - LEGEND + 36, row + 4, name, "start"))
    return "\n".join([*parts, "</svg>", ""])


def _scale(values: Sequence[float], start: float, end: float) -> _Scale:
    decades = _decades(values)
    return _Scale(math.log10(decades[0]), math.log10(decades[-1]), start, end)


class _Scale:
    def __init__(self, low: float, high: float, start: float, end: float) -> None:
        self._low, self._span = low, (high - low)
        self._start, self._length = start, end - start

    def __call__(self, value: float) -> float:
        return self._start + self._length * (math.log10(value) - self._low) / self._span


def _decades(values: Sequence[float]) -> list[float]:
    low = math.floor(math.log10(min(values)))
    high = max(math.ceil(math.log10(max(values))), low + 1)
    return [10.0**power for power in range(low, high + 1)]


def _text(x: float, y: float, what: object, anchor: str = "middle", size: int = 12) -> str:
    shown = f"{what:g}" if isinstance(what, float | int) else str(what)
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" font-size="{size}">{shown}</text>'


def _path(line: str, colour: str) -> str:
    return f'<path d="{line}" fill="none" stroke="{colour}" stroke-width="1.5"/>'
