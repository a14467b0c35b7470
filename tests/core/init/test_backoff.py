"""How long a crashed app waits before it is started again."""

from typing import Any


def test_waits_double_up_to_a_minute(pure: Any) -> None:
    """An app that crashes at once is tried less and less often, at least once a minute."""
    backoff = pure.ffi.new("struct backoff *")
    waits = [pure.lib.backoff_next(backoff, 0) for _ in range(9)]
    assert waits == [1000, 2000, 4000, 8000, 16000, 32000, 60000, 60000, 60000]


def test_a_good_minute_is_forgiven(pure: Any) -> None:
    """After a minute of good service the next crash costs one second again."""
    backoff = pure.ffi.new("struct backoff *")
    for _ in range(5):
        pure.lib.backoff_next(backoff, 59_999)
    assert [pure.lib.backoff_next(backoff, 60_000), pure.lib.backoff_next(backoff, 0)] == [1000, 2000]
