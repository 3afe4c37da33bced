"""What reports count, in words of the reader instead of codes of the APIs."""

from collections.abc import Mapping

from admin_gateway.console.texts import N_, gettext

NOT_ACTIVE = N_("The coupon is not active")
EXPIRED = N_("The coupon has expired")
UNKNOWN = N_("There is no such code")
USER_LIMIT = N_("The player has used it as often as allowed")
USED_UP = N_("It has been used as often as allowed")
NOT_YET = N_("The coupon is not valid yet")
WORDS: Mapping[str, str] = {
    "redeemed": N_("redeemed"),
    "reversed": N_("given back"),
    "refused": N_("refused"),
    "validated": N_("checked"),
    "generated": N_("generated"),
    "assigned": N_("given to a player"),
    "validate": N_("check a code"),
    "redeem": N_("redeem"),
    "reserve": N_("reserve"),
    "confirm": N_("confirm a reservation"),
    "buy": N_("buy with points"),
    "refund": N_("give points back"),
    "code_shared": N_("a code of one player was tried by others"),
    "user_failures": N_("a player was refused many times"),
    "reference_reused": N_("redemptions had the same order reference"),
    "ALREADY_REDEEMED": N_("It has been redeemed already"),
    "COUPON_EXPIRED": EXPIRED,
    "COUPON_INACTIVE": NOT_ACTIVE,
    "COUPON_NOT_FOUND": UNKNOWN,
    "COUPON_NOT_YET_ACTIVE": NOT_YET,
    "COUPON_NOT_YET_VALID": NOT_YET,
    "COUPON_RESERVED": N_("The coupon is reserved"),
    "COUPON_REVOKED": N_("The coupon was revoked"),
    "COUPON_SUSPENDED": N_("The coupon is suspended"),
    "COUPON_UNAVAILABLE": N_("The definition is archived"),
    "CouponExpiredException": EXPIRED,
    "CouponInactiveException": NOT_ACTIVE,
    "CouponNotFoundException": UNKNOWN,
    "CouponRedeemedException": USER_LIMIT,
    "CouponScarcityException": USED_UP,
    "RATE_LIMITED": N_("There were too many attempts"),
    "RESERVATION_EXPIRED": N_("The reservation has expired"),
    "RESERVATION_NOT_FOUND": N_("There is no such reservation"),
    "RESERVATION_CONFIRMED": N_("The reservation was confirmed already"),
    "RESERVATION_RELEASED": N_("The reservation was released already"),
    "TOTAL_USAGE_LIMIT": USED_UP,
    "USAGE_LIMIT_EXCEEDED": N_("A limit of uses is reached"),
    "USER_CODE_LIMIT": USER_LIMIT,
    "USER_PACKAGE_LIMIT": USER_LIMIT,
}


def describe(code: str) -> str:
    """Return the words for a count, an action, a signal or a reason; else the code."""
    return gettext(WORDS[code]) if code in WORDS else code


def list_reasons(chosen: str = "") -> list[tuple[str, str]]:
    """Return the reasons to choose from, with their codes; `chosen` is one of them."""
    known = {code: gettext(word) for code, word in WORDS.items() if code[0].isupper()}
    known.setdefault(chosen, chosen)
    choices = [(code, f"{word} ({code})") for code, word in known.items() if code]
    return [("", gettext("All")), *sorted(choices, key=lambda choice: choice[1])]


def describe_all(*codes: str) -> dict[str, str]:
    """Return the words of each code, by code."""
    return {code: describe(code) for code in codes}
