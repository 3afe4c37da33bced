"""Bars and sparklines for terminals: with Unicode blocks or, where needed, in ASCII."""

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from shutil import get_terminal_size

DEFAULT_WIDTH = 80
MIN_BAR_WIDTH, MAX_BAR_WIDTH = 8, 60
MAX_LABEL_WIDTH_BESIDE_NOTE = 40
GAP = "  "
BLOCKS, ASCII_BLOCKS = "▏▎▍▌▋▊▉█", "#"
Part = tuple[str, str]
"""A text and its style."""
BAR_STYLE = "cyan"
LEVELS, ASCII_LEVELS = "▁▂▃▄▅▆▇█", "_.-=+*%#"


@dataclass(frozen=True, slots=True)
class ChartRow:
    """A row: its label, numbers, and the value that its bar shows.

    `note` is printed at the end of the row or, if it does not fit, below it.
    """

    label: str
    cells: Sequence[str]
    value: int | None = None
    note: str = ""


def get_width() -> int:
    """Return the width of the terminal, or 80 for a pipe without COLUMNS."""
    return get_terminal_size((DEFAULT_WIDTH, 24)).columns


def _can_encode(text: str) -> bool:
    try:
        text.encode(sys.stdout.encoding or "ascii")
    except UnicodeEncodeError:
        return False
    return True


def print_line(*parts: str | Part) -> None:
    """Print a line of texts and of parts with a style.

    There are no styles if NO_COLOR is set, or if stdout is not a terminal.
    """
    from rich.console import Console
    from rich.text import Text

    line = Text.assemble(*parts)
    line.rstrip()
    encoding = sys.stdout.encoding or "ascii"
    line.plain = line.plain.encode(encoding, "replace").decode(encoding)
    Console(highlight=False).print(line, soft_wrap=True)


def draw_bar(value: int, maximum: int, width: int) -> str:
    """Return a bar for a value; what is not 0 has at least the thinnest one."""
    blocks = BLOCKS if _can_encode(BLOCKS) else ASCII_BLOCKS
    parts = len(blocks)
    length = value * width * parts // maximum if maximum else 0
    length = max(length, 1) if value else 0
    full, rest = divmod(length, parts)
    return blocks[-1] * full + (blocks[rest - 1] if rest else "")


def draw_sparkline(values: Sequence[int], width: int) -> str:
    """Return one character for each value; neighbours are added if they do not fit."""
    levels = LEVELS if _can_encode(LEVELS) else ASCII_LEVELS
    size = -(-len(values) // width)
    sums = [sum(values[start : start + size]) for start in range(0, len(values), size)]
    maximum = max(sums, default=0)
    if not maximum:
        return levels[0] * len(sums)
    return "".join(levels[-(-each * (len(levels) - 1) // maximum)] for each in sums)


def print_chart(headings: Sequence[str], rows: Sequence[ChartRow]) -> None:
    """Print rows with numbers, and with bars where the width allows it.

    Labels are shortened only so far that notes or, without notes, bars fit into a row.
    """
    number_widths = [
        max(map(len, column))
        for column in zip(headings[1:], *(row.cells for row in rows), strict=True)
    ]
    free = get_width() - sum(number_widths) - len(GAP) * len(headings)
    label_width = max(map(_measure, (headings[0], *(row.label for row in rows))))
    note_width = max((_measure(row.note) for row in rows), default=0)
    free_beside_note = free - note_width - len(GAP)
    shortened = min(label_width, MAX_LABEL_WIDTH_BESIDE_NOTE)
    has_notes = bool(note_width) and free_beside_note - shortened >= MIN_BAR_WIDTH
    if has_notes:
        free, label_width = free_beside_note, shortened
    elif note_width:
        label_width = min(label_width, free // 2)
    label_width = max(min(label_width, free - MIN_BAR_WIDTH), len(headings[0]))
    bar_width = max(0, min(free - label_width, MAX_BAR_WIDTH))
    maximum = max((row.value or 0 for row in rows), default=0)
    for row in (ChartRow(headings[0], headings[1:]), *rows):
        cells = map(str.rjust, row.cells, number_widths)
        line = GAP.join([_fit(row.label, label_width), *cells, ""])
        bar = draw_bar(row.value or 0, maximum, bar_width).ljust(bar_width)
        print_line(line, (bar, BAR_STYLE), GAP + row.note if has_notes else "")
        if row.note and not has_notes:
            print_line(GAP + row.note)


def _measure(text: str) -> int:
    from rich.cells import cell_len

    return cell_len(text)


def _fit(text: str, width: int) -> str:
    """Return a text of exactly this width, which ends with … if it was too long."""
    from rich.cells import cell_len, set_cell_size

    if cell_len(text) <= width:
        return set_cell_size(text, width)
    end = "…" if _can_encode("…") else "~"
    return set_cell_size(text, width - 1) + end
