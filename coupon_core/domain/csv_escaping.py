"""Cells of CSV files that no spreadsheet takes for a formula, and back."""

import re

_LIKE_FORMULA = re.compile(r"'*[=+\-@\t\r]").match
_ESCAPED = re.compile(r"'+[=+\-@\t\r]").match


def escaped(text: str) -> str:
    """The text as a spreadsheet shows and never computes it."""
    return "'" + text if _LIKE_FORMULA(text) else text


def unescaped(cell: str) -> str:
    """The text that `escaped` made this cell of; other cells stay as they are."""
    return cell[1:] if _ESCAPED(cell) else cell
