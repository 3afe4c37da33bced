"""Refuse credentials in URLs that a driver would read differently, and quote."""

import re
from urllib.parse import urlsplit

INVALID_ESCAPE = re.compile(r"%(?![0-9A-Fa-f]{2})|%00")
ENCODING_ADVICE = (
    "write special characters of user and password percent-encoded, such as %2F for /, "
    "%40 for @ and %25 for %"
)


def split_alternates(url: str) -> list[str]:
    """Return the URLs of a cluster's nodes, which are separated by semicolons."""
    return re.split(r";(?=[a-z+]+://)", url)


def has_ambiguous_credentials(url: str) -> bool:
    """Return True if a part of a password could be taken for another part of the URL.

    Drivers quote the host, the port and the path in their errors.
    """
    try:
        parts = urlsplit(url)
    except ValueError:
        return True
    after_address = parts.path + parts.query + parts.fragment
    return bool(parts.netloc) and "@" in after_address


def has_invalid_credentials(url: str) -> bool:
    """Return True if libpq would refuse the credentials, and quote them."""
    return (
        has_ambiguous_credentials(url)
        or bool(INVALID_ESCAPE.search(url))
        or urlsplit(url).netloc.count("@") > 1
    )
