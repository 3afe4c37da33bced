"""What forms say about wrong input, where the API speaks to programs, in English."""

import re
from collections.abc import Sequence

from admin_gateway.console.formats import format_number
from admin_gateway.console.texts import N_, gettext

MISSING = N_("Please fill in this field.")
IDENTIFIER = N_(
    "Only letters, digits, _ and - are allowed, at most 64; the first is a letter or "
    "a digit."
)
OBJECT = N_('This is no JSON object. Write it as {"name": "value"}, or leave it empty.')
NUMBERS = frozenset({"first", "last"})
# The beginning of a message of the API, and the text with its groups.
TEXTS: Sequence[tuple[str, str]] = (
    (r"missing; ", MISSING),
    (
        r"expected an integer of (?P<first>-?\d+) to (?P<last>\d+)$",
        N_("Enter a whole number from %(first)s to %(last)s."),
    ),
    (
        r'"(?P<value>.*)" .*; expected a date such as ',
        N_('"%(value)s" is no time. Write it as 2030-01-31 or 2030-01-31 18:00.'),
    ),
    (
        r'"(?P<value>.*)" is not an IANA time zone; expected a name such as '
        r"(?P<example>\S+)",
        N_('"%(value)s" is no time zone. Enter a name such as %(example)s.'),
    ),
    (
        r"expected text of \d+ to (?P<last>\d+) characters",
        N_("Enter at most %(last)s characters."),
    ),
    (
        r".*expected a name of 1 to (?P<last>\d+) characters",
        N_("Enter at most %(last)s characters, in one line and all of them visible."),
    ),
    (
        r"expected text without control characters",
        N_("Enter only visible characters, in one line."),
    ),
    (
        r"expected a user id of 1 to (?P<last>\d+) characters",
        N_("Enter at most %(last)s characters, without blanks around them, / and \\."),
    ),
    (r"expected 1 to 64 letters, digits, _", IDENTIFIER),
    (
        r"expected 5 capital letters or digits",
        N_("Enter 5 capital letters or digits."),
    ),
    (
        r"valid JSON was expected: .*\(line (?P<line>\d+), column (?P<column>\d+)\)",
        N_("This is no valid JSON: see line %(line)s, column %(column)s."),
    ),
    (r"a JSON object was expected", OBJECT),
)


def describe_error(message: str) -> str:
    """Return a message of the API in words of the reader; others stay as they are."""
    for pattern, text in TEXTS:
        found = re.match(pattern, message, re.DOTALL)
        if found:
            values = found.groupdict()
            numbers = {
                name: format_number(int(values[name]))
                for name in NUMBERS & values.keys()
            }
            return gettext(text) % (values | numbers)
    return message
