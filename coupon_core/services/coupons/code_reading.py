"""Read the code of a request before it is looked up."""

from coupon_core.domain import codes
from coupon_core.domain.models import ImpossibleCode
from coupon_core.services.coupons import typo_detection


def read_code(tenant_id: str, text: str) -> str:
    """Return the normalized code that a caller entered.

    Raises:
        ImpossibleCode: No such code can exist: its syntax is not that of a code, or
            its check character is wrong.
    """
    code = codes.normalize_code(text)
    if code is None or typo_detection.is_mistyped(tenant_id, code):
        raise ImpossibleCode
    return code
