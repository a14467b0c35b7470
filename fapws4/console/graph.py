"""Small graphs, as SVG: for the eye only. Who cannot see them has a table beside them."""

from __future__ import annotations

from fapws4.console.markup import h

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from fapws4.console.markup import Markup

_WIDTH, _HEIGHT = 240, 60
_MINUTES = 60


def curve(caption: str, points: Sequence[tuple[float, float]], top: float, labels: tuple[str, str, str]) -> Markup:
    """The last hour: points (minutes from now on, 0 or less; value) from the oldest on, and values from 0 to `top`.

    `labels` are those of the top, of an hour ago, and of now.
    """
    at = [(_WIDTH * (1 + max(minute, -_MINUTES) / _MINUTES), _HEIGHT * (1 - value / top)) for minute, value in points]
    line = " ".join(f"{x:.1f},{y:.1f}" for x, y in at)
    picture = h.svg(h.polygon(points=f"{at[0][0]:.1f},{_HEIGHT} {line} {at[-1][0]:.1f},{_HEIGHT}"), h.polyline(points=line),
                    viewBox=f"0 0 {_WIDTH} {_HEIGHT}", class_="curve", focusable="false")
    highest, begin, end = labels
    scales = [h.span(highest, class_="top"), picture, h.span(begin), h.span(end)]
    return h.figure(h.figcaption(caption), h.div(*scales, class_="plot", aria_hidden="true"))
