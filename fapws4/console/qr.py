"""QR codes for addresses (ISO/IEC 18004): bytes, versions 1 to 5, error correction L, mask 0.

Left out is what a URL of up to 106 bytes does not need: other modes, larger versions (which interleave several blocks),
stronger correction (a screen has no scratches), and the search for the mask that looks best, since any of the eight is
valid. The steps have the names of the standard.
"""

from __future__ import annotations

from fapws4.console.markup import Markup, h

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    Matrix = list[list[bool | None]]  # rows of modules; None: not set yet

# Of each version: codewords of data, codewords of error correction.
_CAPACITY = {1: (19, 7), 2: (34, 10), 3: (55, 15), 4: (80, 20), 5: (108, 26)}

_FORMAT = 0b111011111000100  # correction L, mask 0, with its own error correction (table C.1)


def picture(text: str, name: str) -> Markup:
    """An SVG of the code; `name` is what screen readers say. Nothing for a text that is too long."""
    rows = matrix(text.encode())
    if rows is None:
        return Markup("")
    side = len(rows) + 8  # the quiet zone
    path = "".join(f"M{x + 4} {y + 4}h1v1h-1z" for y, row in enumerate(rows) for x, dark in enumerate(row) if dark)
    return h.svg(h.rect(width=side, height=side, class_="light"), h.path(d=path), role="img", aria_label=name, class_="qr",
                 viewBox=f"0 0 {side} {side}")


def matrix(data: bytes) -> list[list[bool]] | None:
    """The modules of the code, True for dark ones; None when the data is too long."""
    version = next((each for each, (room, _) in _CAPACITY.items() if len(data) + 2 <= room), None)
    if version is None:
        return None
    rows = _function_patterns(version)
    bits = (byte >> shift & 1 for byte in _codewords(data, *_CAPACITY[version]) for shift in range(7, -1, -1))
    for y, x in _places(len(rows)):
        if rows[y][x] is None:
            rows[y][x] = bool(next(bits, 0)) ^ ((x + y) % 2 == 0)  # mask 0
    return [[bool(module) for module in row] for row in rows]


def _codewords(data: bytes, room: int, correction: int) -> bytes:
    """Mode 4 (bytes), length, data, terminator, padding; the error correction behind them."""
    number = (4 << 8 | len(data)) << 8 * len(data) | int.from_bytes(data, "big")
    words = (number << 4).to_bytes(len(data) + 2, "big")
    words += bytes((0xEC, 0x11)[at % 2] for at in range(room - len(words)))
    return words + _remainder(words, _generator(correction))


def _function_patterns(version: int) -> Matrix:
    side = 17 + 4 * version
    rows: Matrix = [[None] * side for _ in range(side)]
    for y, x in ((0, 0), (0, side - 7), (side - 7, 0)):
        _finder(rows, y, x)
    if version > 1:
        _square(rows, side - 9, side - 9, 5, lambda distance: distance != 1)
    for at in range(8, side - 8):
        rows[6][at] = rows[at][6] = at % 2 == 0
    _format_bits(rows, side)
    return rows


def _finder(rows: Matrix, top: int, left: int) -> None:
    _square(rows, top - 1, left - 1, 9, lambda distance: distance not in (2, 4))


def _square(rows: Matrix, top: int, left: int, size: int, dark: object) -> None:
    """Rings around a middle; what would be outside is left out."""
    middle = size >> 1
    for y in range(size):
        for x in range(size):
            if 0 <= top + y < len(rows) and 0 <= left + x < len(rows):
                rows[top + y][left + x] = dark(max(abs(y - middle), abs(x - middle)))  # type: ignore[operator]


def _format_bits(rows: Matrix, side: int) -> None:
    """Twice: around the finder at the top left, and split between the other two."""
    around = [(8, x) for x in (0, 1, 2, 3, 4, 5, 7, 8)] + [(y, 8) for y in (7, 5, 4, 3, 2, 1, 0)]
    split = [(y, 8) for y in range(side - 1, side - 8, -1)] + [(8, x) for x in range(side - 8, side)]
    for places in (around, split):
        for at, (y, x) in enumerate(places):
            rows[y][x] = bool(_FORMAT >> (14 - at) & 1)
    rows[side - 8][8] = True


def _places(side: int) -> Iterator[tuple[int, int]]:
    """Where data goes: pairs of columns from the right, upwards and downwards in turns, not in the column of the timing."""
    for count, right in enumerate([*range(side - 1, 6, -2), *range(5, 0, -2)]):
        for y in range(side) if count % 2 else range(side - 1, -1, -1):
            yield from ((y, right), (y, right - 1))


# ---- Reed and Solomon's code over the field of 256 elements with x^8 + x^4 + x^3 + x^2 + 1 ----


def _product(a: int, b: int) -> int:
    found = 0
    while b:
        found ^= a if b & 1 else 0
        a = a << 1 ^ (0x11D if a & 0x80 else 0)
        b >>= 1
    return found


def _generator(degree: int) -> bytes:
    """The product of (x - 2^i), without its leading 1."""
    factors, root = [0] * (degree - 1) + [1], 1
    for _ in range(degree):
        for at in range(degree):
            factors[at] = _product(factors[at], root) ^ (factors[at + 1] if at + 1 < degree else 0)
        root = _product(root, 2)
    return bytes(factors)


def _remainder(words: bytes, generator: bytes) -> bytes:
    rest = bytearray(len(generator))
    for word in words:
        factor = word ^ rest.pop(0)
        rest.append(0)
        for at, coefficient in enumerate(generator):
            rest[at] ^= _product(coefficient, factor)
    return bytes(rest)
