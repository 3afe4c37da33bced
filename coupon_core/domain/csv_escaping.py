"""Escape CSV cells that a spreadsheet would execute as a formula (CSV injection).

The characters are those that OWASP lists: `= + - @`, tab, CR and LF, and all forms that
spreadsheets fold to them, such as the full-width ones of East Asian keyboards.
"""

import re

# Those that Unicode's compatibility forms (NFKC) turn into one of the ASCII characters,
# and the minus sign, which LibreOffice reads as a minus.
_COMPATIBLE_STARTS = (
    "\u207a\u207b\u207c\u208a\u208b\u208c\u2212\u2a75\u2a76\ufb29"
    "\ufe62\ufe63\ufe66\ufe6b\uff0b\uff0d\uff1d\uff20"
)
_STARTS = re.escape("=+-@\t\r\n") + _COMPATIBLE_STARTS
# Some spreadsheets drop the blanks before a value.
_match_formula = re.compile(rf"'*\s*[{_STARTS}]").match
_match_escaped_formula = re.compile(rf"'+\s*[{_STARTS}]").match


def escape_formula(text: str) -> str:
    """Return the text so that a spreadsheet displays it and does not compute it."""
    return "'" + text if _match_formula(text) else text


def unescape_formula(cell: str) -> str:
    """Return the text that `escape_formula` was given; other cells are unchanged."""
    if not cell.startswith("'"):
        return cell
    return cell[1:] if _match_escaped_formula(cell) else cell
