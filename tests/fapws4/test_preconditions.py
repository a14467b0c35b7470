"""Conditional requests by the letter of RFC 9110 section 13."""

from __future__ import annotations

import pytest

from fapws4.preconditions import evaluate, range_applies

ETAG = '"a1-9"'
MODIFIED = 784111777.25
SAME = "Sun, 06 Nov 1994 08:49:37 GMT"
BEFORE = "Sun, 06 Nov 1994 08:49:36 GMT"
AFTER = "Mon, 07 Nov 1994 08:49:37 GMT"


@pytest.mark.parametrize(
    ("code", "fields"),
    [
        (200, {}),
        (304, {"IF_NONE_MATCH": ETAG}),
        (304, {"IF_NONE_MATCH": f"W/{ETAG}"}),
        (304, {"IF_NONE_MATCH": f'"x" ,  W/"y,z",{ETAG}'}),
        (304, {"IF_NONE_MATCH": "*"}),
        (200, {"IF_NONE_MATCH": '"a1-8"'}),
        (200, {"IF_NONE_MATCH": "a1-9"}),
        (200, {"IF_NONE_MATCH": ""}),
        (200, {"IF_NONE_MATCH": '"x,a1-9"'}),
        (304, {"IF_MODIFIED_SINCE": SAME}),
        (304, {"IF_MODIFIED_SINCE": AFTER}),
        (200, {"IF_MODIFIED_SINCE": BEFORE}),
        (200, {"IF_MODIFIED_SINCE": "never"}),
        (200, {"IF_MODIFIED_SINCE": ""}),
        (200, {"IF_NONE_MATCH": '"x"', "IF_MODIFIED_SINCE": SAME}),
        (304, {"IF_NONE_MATCH": ETAG, "IF_MODIFIED_SINCE": BEFORE}),
        (200, {"IF_MATCH": ETAG}),
        (200, {"IF_MATCH": "*"}),
        (412, {"IF_MATCH": '"x"'}),
        (412, {"IF_MATCH": f"W/{ETAG}"}),
        (412, {"IF_MATCH": '"x"', "IF_NONE_MATCH": ETAG}),
        (304, {"IF_MATCH": ETAG, "IF_NONE_MATCH": ETAG}),
        (200, {"IF_UNMODIFIED_SINCE": SAME}),
        (412, {"IF_UNMODIFIED_SINCE": BEFORE}),
        (200, {"IF_UNMODIFIED_SINCE": "never"}),
        (200, {"IF_MATCH": ETAG, "IF_UNMODIFIED_SINCE": BEFORE}),
    ],
)
def test_conditions_decide(code: int, fields: dict[str, str]) -> None:
    """What the client has is not sent again, and what has changed is."""
    environ = {f"HTTP_{name}": value for name, value in fields.items()}
    assert code == evaluate(environ, ETAG, MODIFIED)


def test_without_a_time_dates_count_for_nothing() -> None:
    """A file whose time is unknown is judged by its tag alone."""
    dates = {"HTTP_IF_MODIFIED_SINCE": AFTER, "HTTP_IF_UNMODIFIED_SINCE": BEFORE}
    assert 200 == evaluate(dates, ETAG, None)
    assert 304 == evaluate({**dates, "HTTP_IF_NONE_MATCH": ETAG}, ETAG, None)
    assert not range_applies({"HTTP_IF_RANGE": SAME}, ETAG, None)


@pytest.mark.parametrize(
    ("applies", "field"),
    [
        (True, None), (True, ETAG), (True, SAME), (False, f"W/{ETAG}"), (False, '"x"'), (False, BEFORE), (False, AFTER),
        (False, "never"), (False, ""), (False, "*"), (False, f'{ETAG}, "x"'),
    ],
)  # fmt: skip
def test_a_range_is_sent_of_the_same_content_only(applies: bool, field: str | None) -> None:
    """A resumed download never mixes two versions."""
    environ = {} if field is None else {"HTTP_IF_RANGE": field}
    assert applies == range_applies(environ, ETAG, MODIFIED)
