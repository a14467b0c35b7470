"""Media types by name."""

from __future__ import annotations

import pytest

from fapws4.content_types import content_type, is_compressible


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("a.html", "text/html; charset=utf-8"),
        ("A.B.CSS", "text/css; charset=utf-8"),
        ("a.tar.gz", "application/gzip"),
        ("a.doc", "application/msword"),
        ("a.tsv", "text/tab-separated-values; charset=utf-8"),
        ("a.nothing", "application/octet-stream"),
        ("html", "application/octet-stream"),
        (".html", "application/octet-stream"),
        ("a.", "application/octet-stream"),
        ("", "application/octet-stream"),
    ],
)
def test_the_end_of_the_name_decides(name: str, kind: str) -> None:
    """Files of the web have their types, unknown ones are bytes."""
    assert kind == content_type(name)


def test_what_is_compressed_already_is_known() -> None:
    """Pictures, sound and archives are not worth compressing; texts are."""
    kinds = ["image/png", "audio/mpeg", "video/mp4", "font/woff2", "application/zip", "application/gzip"]
    assert [False] * len(kinds) == [is_compressible(kind) for kind in kinds]
    kinds = ["text/html; charset=utf-8", "image/svg+xml", "application/json", "Application/WASM", ""]
    assert [True] * len(kinds) == [is_compressible(kind) for kind in kinds]
