"""Limit attempts to guess the password of an operator.

Failed attempts count for the address of the caller, and for it together with the
operator's e-mail; both are refused above a limit. Those for the e-mail alone only make
further attempts rare: otherwise anybody could keep an operator out.
"""

import ipaddress
from collections.abc import Iterator
from contextlib import contextmanager

from coupon_core.domain.emails import to_email_key
from coupon_core.domain.models import OperatorReason, Refused
from coupon_core.security.encryption import fingerprint
from coupon_core.security.rate_limiting import code_guessing
from coupon_core.security.rate_limiting.policy import (
    RateLimit,
    RateLimitExceeded,
    format_key,
)

PER_ADDRESS = RateLimit("sign-ins-per-address", 100, seconds=600)
PER_EMAIL_AND_ADDRESS = RateLimit("sign-ins-per-email-and-address", 10, seconds=600)
TOO_MANY = "Too many failed sign-ins"
PER_EMAIL = RateLimit("sign-ins-per-email", 20, seconds=600)
PER_EMAIL_IF_SLOW = RateLimit("slow-sign-ins-per-email", 1, seconds=1)
IPV6_PREFIX_LENGTH = 64  # a customer has all addresses of such a network
FAILURE_REASONS = frozenset(
    {
        OperatorReason.SIGN_IN_FAILED,
        OperatorReason.WRONG_SECOND_FACTOR,
        OperatorReason.PROVIDER_REFUSED,
        OperatorReason.UNKNOWN_ACCOUNT,
        OperatorReason.OTHER_ACCOUNT,
        OperatorReason.UNVERIFIED_EMAIL,
    }
)


@contextmanager
def attempt(email: str, address: str) -> Iterator[None]:
    """Run the block as an attempt to sign in; it fails for one of FAILURE_REASONS.

    The e-mail is "" while the provider still has to say who signs in.
    Counting may use Redis, so transactions belong inside the block.

    Raises:
        RateLimitExceeded: Too many attempts have failed.
    """
    key = email.strip() and fingerprint(to_email_key(email.strip()))  # of any length
    network = to_network(address)
    counted = {PER_ADDRESS: format_key("address", network)}
    if key:
        counted[PER_EMAIL_AND_ADDRESS] = format_key("both", key, network)
    counters = code_guessing.limiter().counters
    for limit, name in counted.items():
        count, remaining = counters.read(limit, name)
        if count >= limit.amount:
            raise RateLimitExceeded(limit, remaining, TOO_MANY)
    email_name = format_key("email", key)
    if key and counters.read(PER_EMAIL, email_name)[0] >= PER_EMAIL.amount:
        count, remaining = counters.count(PER_EMAIL_IF_SLOW, email_name)
        if count > PER_EMAIL_IF_SLOW.amount:
            raise RateLimitExceeded(PER_EMAIL_IF_SLOW, remaining, TOO_MANY)
    try:
        yield
    except Refused as refused:
        if refused.reason not in FAILURE_REASONS:
            raise
        if key:
            counted[PER_EMAIL] = email_name
        for limit, name in counted.items():
            counters.count(limit, name)
        raise


def to_network(address: str) -> str:
    """Return whose address it is: itself, or of IPv6 the network of one customer."""
    try:
        parsed = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:  # a socket without an address
        return address
    if isinstance(parsed, ipaddress.IPv4Address):
        return address
    if parsed.ipv4_mapped:
        return str(parsed.ipv4_mapped)
    return str(ipaddress.ip_network((parsed, IPV6_PREFIX_LENGTH), strict=False))
