"""What the person at the terminal is told is told as it is, whatever it looks like."""

from __future__ import annotations

import pytest
from invoke.exceptions import Exit

from appliance.common.errors import Problem
from appliance.common.progress import note
from appliance.doctor import Finding
from appliance.report import show_findings, show_line, told

# All that two hexadecimal digits between colons can be, two of which rich takes for emoji; and what it takes for its markup.
FINGERPRINT = ":".join(f"{byte:02X}" for byte in range(256)) + ":"
TEXTS = [FINGERPRINT, "[main] of app.toml [/main]", "[red]a[/red]", "a\\[b]", ":warning:"]


@pytest.mark.parametrize("text", TEXTS)
def test_text_is_told_as_it_is(capsys: pytest.CaptureFixture[str], text: str) -> None:
    """In an error, a note, a line of news and one of findings: a fingerprint that differs by a character is another device."""

    @told
    def fail() -> None:
        raise Problem(text, text)

    with pytest.raises(Exit):
        fail()
    note(text)
    show_line(text)
    show_findings([Finding(text, {}, (text,))])
    assert capsys.readouterr().err.splitlines() == [f"error: {Problem(text, text)}", f"note: {text}", text, f"{text}: {text}"]
