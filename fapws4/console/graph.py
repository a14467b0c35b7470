"""Small graphs, as SVG: for the eye only. Who cannot see them has a table beside them."""

from __future__ import annotations

from fapws4.console.markup import h

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from fapws4.console.markup import Markup

_WIDTH, _HEIGHT = 240, 60


def curve(name: str, values: Sequence[float], form: str) -> Markup:
    """Two values or more over time, from 0 to somewhat above the largest one; the last one is said beside the name."""
    top = 1.1 * max(values) or 1.0
    step = _WIDTH / (len(values) - 1)
    points = " ".join(f"{at * step:.1f},{_HEIGHT * (1 - value / top):.1f}" for at, value in enumerate(values))
    picture = h.svg(h.polygon(points=f"0,{_HEIGHT} {points} {_WIDTH},{_HEIGHT}"), h.polyline(points=points),
                    viewBox=f"0 0 {_WIDTH} {_HEIGHT}", class_="curve", aria_hidden="true", focusable="false")
    return h.figure(picture, h.figcaption(f"{name}: {form.format(values[-1])}"))
