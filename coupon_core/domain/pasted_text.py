"""Normalize codes that people copy, paste or type on a phone.

Every code that enters the system passes through `clean_pasted_code` before anything
else looks at it (`docs/api-contracts.md` 0.32).
"""

# The characters with the Unicode property White_Space.
WHITESPACE = (
    "\t\n\v\f\r \x85\xa0\u1680"
    "\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a"
    "\u2028\u2029\u202f\u205f\u3000"
)
INVISIBLE_CHARACTERS = "\u200b\u200c\u200d\u2060\ufeff\xad"
DASHES = "\u2010\u2011\u2012\u2013\u2014\u2015\u2212"

MAX_REMEMBERED_LENGTH = 256
"""More than any code or other text that people enter by mistake needs."""

_TRANSLATION = str.maketrans(
    {**dict.fromkeys(INVISIBLE_CHARACTERS), **dict.fromkeys(DASHES, "-")}
)


def clean_pasted_code(text: str) -> str:
    """Return a code as its author wrote it.

    Whitespace and line ends around it are trimmed, invisible characters are removed,
    and typographic dashes become `-`. Inner blanks and case are unchanged.
    """
    if text.isascii():
        return text.strip(WHITESPACE)
    return text.translate(_TRANSLATION).strip(WHITESPACE)


def to_remembered_code(code: str) -> str:
    """Return what is remembered of an entered code, so that bodies take no memory.

    It is the same for what is remembered.
    """
    return clean_pasted_code(clean_pasted_code(code)[:MAX_REMEMBERED_LENGTH])
