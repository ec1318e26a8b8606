# SPDX-License-Identifier: Apache-2.0
"""Other people's words in a line of ours."""

import pytest

from fpgan.hw.system.text import brief, first_line


@pytest.mark.parametrize("text", ["", "plain", "Größe", "x" * 81, "\x1b" * 5000, "a\nb\x00", "\udc80" * 90])
def test_brief_is_short_and_printable(text):
    shown = brief(text)
    assert len(shown) <= 80 and shown.isprintable()
    if text.isprintable() and len(text) <= 80:
        assert shown == text


def test_brief_keeps_both_ends():
    assert brief("a" * 50 + "b" * 50, 11) == "aaaa...bbbb"
    assert brief([1, 2]) == "[1, 2]"


def test_the_first_line_of_an_error():
    assert first_line(ValueError("\n one\ntwo")) == "one"
    assert first_line(KeyError()) == "KeyError"
