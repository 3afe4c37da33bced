"""Count failed lookups of requests that succeed nevertheless."""

from contextlib import suppress

from flask import Response, after_this_request

from coupon_core.security.rate_limiting.code_guessing import FailedLookup
from coupon_core.security.rate_limiting.policy import RateLimitExceeded


def count_after_request(failed: FailedLookup) -> None:
    """Count an unknown code after the transaction of the current request has ended.

    The effect of the request is stored, so its response remains as it is even if this
    failure exceeds a limit; the next lookup of the caller is then refused.
    """

    @after_this_request
    def count(response: Response) -> Response:
        with suppress(RateLimitExceeded):
            failed.count_failure()
        return response
