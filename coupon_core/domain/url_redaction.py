"""Hide the passwords in URLs that people read."""

import re
from urllib.parse import urlsplit

from coupon_core.domain.url_credentials import (
    has_ambiguous_credentials,
    split_alternates,
)

HIDDEN = "(hidden)"
# From the first colon of the user part to the last @: a password may itself contain the
# characters : @ / ? #, which a parser would take for the end of the host.
USER_PASSWORD_PATTERN = re.compile(r"(?<=://)([^:@]*):.*(?=@)", re.DOTALL)
# Redis has no users without a password, so this is a password whose colon is missing.
REDIS_USER_PATTERN = re.compile(r"^((?:rediss?|sentinel)://)[^:@]+(?=@)")
# libpq and Redis also read passwords from the query. What follows one is hidden too, as
# it may contain & or #.
QUERY_SECRET_PATTERN = re.compile(
    r"(?<=[?&])(\w*(?:pass|pwd|secret|token|key)\w*=).*", re.DOTALL | re.IGNORECASE
)


def redact_url(text: str) -> str:
    """Return the text with the password of a URL replaced by "(hidden)".

    Several URLs are separated by semicolons, unless that could divide a password.
    """
    urls = split_alternates(text)
    if not all(map(_has_clear_address, urls)):
        urls = [text]
    return ";".join(map(_redact_single_url, urls))


def _has_clear_address(url: str) -> bool:
    try:
        urlsplit(url).port  # noqa: B018 - a password in its place raises ValueError
    except ValueError:
        return False
    return not has_ambiguous_credentials(url)


def _redact_single_url(text: str) -> str:
    redacted = QUERY_SECRET_PATTERN.sub(rf"\1{HIDDEN}", text)
    redacted = REDIS_USER_PATTERN.sub(rf"\1{HIDDEN}", redacted)
    if "@" in text and "@" not in redacted:
        # What looks like a query may be the rest of a password before the @.
        redacted += "@"
    return USER_PASSWORD_PATTERN.sub(rf"\1:{HIDDEN}", redacted).removesuffix("@")


def remove_credentials(text: str) -> str:
    """Return a URL without its user and without any password."""
    return ";".join(
        re.sub(r"(?<=://).*@", "", url, flags=re.DOTALL)
        for url in split_alternates(redact_url(text))
    )
