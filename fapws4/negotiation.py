"""Which content coding a client accepts (RFC 9110 section 12.5.3)."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence


def choose_coding(field: str | None, offered: Sequence[str]) -> str | None:
    """The coding of `offered` that Accept-Encoding rates best; None: the content as it is.

    Of codings that are rated alike the first wins. Codings with `q=0` are never chosen, nor any
    that is rated below "identity". Without the field nothing is encoded.
    """
    if field is None:
        return None
    ratings = _ratings(field)
    others = ratings.get("*", 0.0)
    best, best_rating = None, max(ratings.get("identity", 0.0), 0.0005)
    for coding in offered:
        rating = ratings.get(coding, others)
        if rating > best_rating or (best is None and rating == best_rating):
            best, best_rating = coding, rating
    return best


def _ratings(field: str) -> dict[str, float]:
    """Coding to q-value; items that are malformed are left out."""
    ratings: dict[str, float] = {}
    for item in field.split(","):
        name, _, parameter = item.partition(";")
        coding = name.strip().lower().removeprefix("x-")  # x-gzip is gzip (section 8.4.1.3)
        rating = _quality(parameter)
        if coding and rating is not None:
            ratings[coding] = rating
    return ratings


def _quality(parameter: str) -> float | None:
    """The number of "q=0.5" (section 12.4.2), 1 when there is no parameter."""
    if not parameter.strip():
        return 1.0
    name, _, text = parameter.partition("=")
    text = text.strip()
    digits = text.replace(".", "", 1)
    if name.strip().lower() != "q" or len(text) > 5 or not (digits.isascii() and digits.isdecimal()):
        return None
    return min(float(text), 1.0)
