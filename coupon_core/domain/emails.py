"""E-mail addresses of operators: checked for their form only."""

import re

from coupon_core.domain.pasted_text import WHITESPACE

MAX_EMAIL_LENGTH = 254
EMAIL_EXPECTED = (
    f"an e-mail address such as anna@example.com, of up to {MAX_EMAIL_LENGTH} "
    "characters without blanks"
)
_match_email = re.compile(r"[^\s@\x00-\x1f\x7f]+@[^\s@\x00-\x1f\x7f]+").fullmatch


def parse_email(text: str) -> str | None:
    """Return the address without blanks around it, or None if it is none."""
    email = text.strip(WHITESPACE)
    is_email = len(email) <= MAX_EMAIL_LENGTH and email.isprintable()
    return email if is_email and _match_email(email) else None


def to_email_key(email: str) -> str:
    """Return the key by which addresses are compared; case does not matter."""
    return email.casefold()
