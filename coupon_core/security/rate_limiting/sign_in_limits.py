"""Limit attempts to guess the password of an operator.

Failed attempts count for the address of the caller, and for it together with the
operator's e-mail; both are refused above a limit. Those for the e-mail alone only make
further attempts slow: otherwise anybody could keep an operator out.
"""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from coupon_core.domain.emails import to_email_key
from coupon_core.domain.models import OperatorReason, Refused
from coupon_core.security.rate_limiting import code_guessing
from coupon_core.security.rate_limiting.policy import (
    RateLimit,
    RateLimitExceeded,
    format_key,
)

PER_ADDRESS = RateLimit("sign-ins-per-address", 100, seconds=600)
PER_EMAIL_AND_ADDRESS = RateLimit("sign-ins-per-email-and-address", 10, seconds=600)
PER_EMAIL = RateLimit("sign-ins-per-email", 20, seconds=600)
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
DELAY_SECONDS = 1.0
# One delayed attempt at a time, so that delays do not occupy the threads of a gateway.
_delay = threading.BoundedSemaphore(1)


@contextmanager
def attempt(email: str, address: str) -> Iterator[None]:
    """Run the block as an attempt to sign in; it fails for one of FAILURE_REASONS.

    The e-mail is "" while the provider still has to say who signs in.
    Counting may use Redis, so transactions belong inside the block.

    Raises:
        RateLimitExceeded: Too many attempts have failed.
    """
    key = to_email_key(email.strip())
    counted = {PER_ADDRESS: format_key("address", address)}
    if key:
        counted[PER_EMAIL_AND_ADDRESS] = format_key("both", key, address)
    counters = code_guessing.limiter().counters
    for limit, name in counted.items():
        count, remaining = counters.read(limit, name)
        if count >= limit.amount:
            raise RateLimitExceeded(limit, remaining, "Too many failed sign-ins")
    email_name = format_key("email", key)
    if key and counters.read(PER_EMAIL, email_name)[0] >= PER_EMAIL.amount:
        _wait()
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


def _wait() -> None:
    if not _delay.acquire(blocking=False):
        raise RateLimitExceeded(PER_EMAIL, DELAY_SECONDS, "Too many failed sign-ins")
    try:
        time.sleep(DELAY_SECONDS)
    finally:
        _delay.release()
