"""Cells of CSV files that no spreadsheet takes for a formula, and back."""

import re

_match_formula = re.compile(r"'*[=+\-@\t\r]").match
_match_escaped_formula = re.compile(r"'+[=+\-@\t\r]").match


def escape_formula(text: str) -> str:
    """The text as a spreadsheet shows and never computes it."""
    return "'" + text if _match_formula(text) else text


def unescape_formula(cell: str) -> str:
    """The text that `escape_formula` made this cell of; other cells are kept."""
    return cell[1:] if _match_escaped_formula(cell) else cell
