"""Tests of bars and sparklines, and of charts at different widths."""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout

import pytest

from admin_gateway.cli.charts import (
    ChartRow,
    draw_bar,
    draw_sparkline,
    print_chart,
    print_line,
)

LONG_NAME = "Welcome back: one code for each returning customer of the shop"
ID = "01a222c6-8627-720a-8255-cacfb7acee9f"


class Output(io.TextIOWrapper):
    """Standard output with an encoding, which is not a terminal."""

    def __init__(self, encoding: str) -> None:
        super().__init__(io.BytesIO(), encoding=encoding)

    def read_lines(self) -> list[str]:
        """Return the lines printed so far."""
        self.flush()
        data = self.buffer.getvalue()  # type: ignore[attr-defined]
        return data.decode(self.encoding).splitlines()


@contextmanager
def redirected_output(encoding: str = "utf-8") -> Iterator[Output]:
    """Redirect standard output while the block runs."""
    with redirect_stdout(Output(encoding)) as stream:
        yield stream


@pytest.mark.parametrize(
    ("value", "maximum", "bar"),
    [(10, 10, "████"), (5, 10, "██"), (6, 10, "██▍"), (1, 10**9, "▏"), (0, 5, "")],
)
def test_a_bar_is_as_long_as_its_share(value: int, maximum: int, bar: str) -> None:
    with redirected_output():
        assert draw_bar(value, maximum, 4) == bar
        assert draw_bar(0, 0, 4) == ""


def test_a_sparkline_adds_neighbours_that_do_not_fit() -> None:
    with redirected_output():
        assert draw_sparkline([0, 1, 7, 3], 4) == "▁▂█▄"
        assert draw_sparkline([3, 4, 0, 0, 1], 3) == "█▁▂"
        assert draw_sparkline([0, 0], 10) == "▁▁"


def test_without_unicode_charts_are_ascii() -> None:
    with redirected_output("ascii") as output:
        assert draw_bar(5, 10, 8) == "####"
        assert draw_sparkline([0, 4, 7], 4) == "_+#"
        print_line("런칭: ", ("###", "cyan"))
    assert output.read_lines() == ["??: ###"]


def test_what_is_not_a_terminal_gets_no_colours() -> None:
    with redirected_output() as output:
        print_line(("title", "bold"), "  ")
    assert output.read_lines() == ["title"]


@pytest.mark.parametrize("width", [40, 80, 120, 200])
def test_no_line_is_wider_than_the_terminal(
    monkeypatch: pytest.MonkeyPatch, width: int
) -> None:
    monkeypatch.setenv("COLUMNS", str(width))
    rows = [
        ChartRow(LONG_NAME, ["1,234", "5"], 1_234, ID),
        ChartRow("[b]x", ["9", "0"], 9, ID),
    ]
    with redirected_output() as output:
        print_chart(("name", "redeemed", "reversed"), rows)
    lines = output.read_lines()
    assert max(map(len, lines)) <= width
    # The ID can always be copied; it has a line of its own where it does not fit.
    assert sum(ID in line for line in lines) == 2
    assert (len(lines) == 3) == (width >= 120)
    assert any(line.startswith("[b]x ") for line in lines)
    assert "█" * 8 in lines[1]
