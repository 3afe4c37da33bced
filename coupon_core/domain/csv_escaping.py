"""Escape CSV cells that a spreadsheet would execute as a formula (CSV injection)."""

import re

_match_formula = re.compile(r"'*[=+\-@\t\r]").match
_match_escaped_formula = re.compile(r"'+[=+\-@\t\r]").match


def escape_formula(text: str) -> str:
    """Return the text so that a spreadsheet displays it and does not compute it."""
    return "'" + text if _match_formula(text) else text


def unescape_formula(cell: str) -> str:
    """Return the text that `escape_formula` was given; other cells are unchanged."""
    return cell[1:] if _match_escaped_formula(cell) else cell
