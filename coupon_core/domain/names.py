"""Names that people give to things: any Unicode text of one line.

See `docs/api-contracts.md` 0.31.
"""

import unicodedata

from coupon_core.domain.pasted_text import WHITESPACE

MAX_NAME_LENGTH = 255
NAME_EXPECTED = (
    f"a name of 1 to {MAX_NAME_LENGTH} characters of any language, without control, "
    "private-use or unassigned characters and without direction overrides"
)

# Control, surrogate, private-use and unassigned characters; line and paragraph ends.
_FORBIDDEN_CATEGORIES = frozenset({"Cc", "Cs", "Co", "Cn", "Zl", "Zp"})
# They can make a name look like another one.
_DIRECTION_CONTROLS = frozenset(
    "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
)


def clean_name(text: str) -> str:
    """Return a name as it is stored: trimmed, and composed (NFC)."""
    return unicodedata.normalize("NFC", text.strip(WHITESPACE)).strip(WHITESPACE)


def to_name_key(name: str) -> str:
    """Return the key by which names are compared; equal names have equal keys."""
    return clean_name(name)


def find_forbidden_character(name: str) -> str | None:
    """Return the first character that no name may contain, or None."""
    for character in name:
        if (
            unicodedata.category(character) in _FORBIDDEN_CATEGORIES
            or character in _DIRECTION_CONTROLS
        ):
            return character
    return None
