"""Reasons for refusing an action.

The core knows reasons only; the gateways map them to status codes and texts.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from coupon_core.domain.models.coupons import Definition


class Reason(StrEnum):
    """Why a coupon cannot be used; each dialect has its own text for it."""

    COUPON_NOT_FOUND = "coupon_not_found"
    REVOKED = "revoked"
    SUSPENDED = "suspended"
    ALREADY_REDEEMED = "already_redeemed"
    USED_UP = "used_up"
    RESERVED = "reserved"
    ARCHIVED = "archived"
    EXPIRED = "expired"
    NOT_YET_ACTIVE = "not_yet_active"
    USER_LIMIT = "user_limit"
    USER_PERIOD_LIMIT = "user_period_limit"
    POOL_EMPTY = "pool_empty"


class AdminReason(StrEnum):
    """Why an administrator's action was refused."""

    DEFINITION_NOT_FOUND = "definition_not_found"
    REWARD_ITEM_NOT_FOUND = "reward_item_not_found"
    COUPON_NOT_FOUND = "coupon_not_found"
    API_KEY_NOT_FOUND = "api_key_not_found"
    CLIENT_KEY_NOT_FOUND = "client_key_not_found"
    CAMPAIGN_NOT_FOUND = "campaign_not_found"
    CREATOR_NOT_FOUND = "creator_not_found"
    PACKAGE_NOT_FOUND = "package_not_found"
    PACKAGE_OUT_OF_USE = "package_out_of_use"
    CREATOR_CODE_NOT_FOUND = "creator_code_not_found"
    SECRET_NOT_FOUND = "secret_not_found"
    TENANT_NOT_FOUND = "tenant_not_found"
    TENANT_EXISTS = "tenant_exists"
    TENANT_ID_RESERVED = "tenant_id_reserved"
    NAME_TAKEN = "name_taken"
    CODE_TAKEN = "code_taken"
    CAMPAIGN_EXISTS = "campaign_exists"
    CAMPAIGN_OF_PACKAGE = "campaign_of_package"
    UNKNOWN_CAMPAIGN = "unknown_campaign"
    CREATOR_EXISTS = "creator_exists"
    CREATOR_INACTIVE = "creator_inactive"
    TOO_MANY_CODES = "too_many_codes"
    REWARD_ITEM_IN_USE = "reward_item_in_use"
    UNKNOWN_REWARD_ITEM = "unknown_reward_item"
    CUSTOM_CODE_MISSING = "custom_code_missing"
    RANDOM_CODE_WITH_CUSTOM = "random_code_with_custom"
    PATTERN_ALONE = "pattern_alone"
    PATTERN_UNFIT = "pattern_unfit"
    CHECK_NEEDS_STEM = "check_needs_stem"
    CHECKED_CODES_FROZEN = "checked_codes_frozen"
    STEM_TAKEN = "stem_taken"
    CODE_TOO_LONG = "code_too_long"
    NO_CODE_SPACE = "no_code_space"
    CODE_SPACE_TOO_SMALL = "code_space_too_small"
    DATES_REVERSED = "dates_reversed"
    TRIGGER_MISSING = "trigger_missing"
    CLAIMABLE_NEEDS_CUSTOM = "claimable_needs_custom"
    REFILL_NEEDS_RANDOM = "refill_needs_random"
    CODE_RULES_FROZEN = "code_rules_frozen"
    LIMIT_BELOW_USES = "limit_below_uses"
    NOT_ACTIVE = "not_active"
    DEFINITION_SUSPENDED = "definition_suspended"
    CUSTOM_NEEDS_USERS = "custom_needs_users"
    SHARED_CODES_ARE_CLAIMED = "shared_codes_are_claimed"
    TOTAL_LIMIT_REACHED = "total_limit_reached"
    SEVERAL_COUPONS = "several_coupons"
    REDEEMED_COUPON = "redeemed_coupon"
    LAST_SECRET = "last_secret"
    SCOPE_TOO_WIDE = "scope_too_wide"
    BATCH_NOT_FOUND = "batch_not_found"
    BATCH_FINISHED = "batch_finished"
    USER_EXISTS = "user_exists"
    WALLET_FULL = "wallet_full"
    DEAD_LETTER_NOT_FOUND = "dead_letter_not_found"
    DEAD_LETTER_UNREADABLE = "dead_letter_unreadable"
    WEBHOOK_NOT_FOUND = "webhook_not_found"
    WEBHOOK_INACTIVE = "webhook_inactive"
    DELIVERY_NOT_FOUND = "delivery_not_found"
    BAD_WEBHOOK_URL = "bad_webhook_url"
    TOO_MANY_WEBHOOKS = "too_many_webhooks"
    ALREADY_ASSIGNED = "already_assigned"
    NOT_ASSIGNABLE = "not_assignable"
    BATCH_UNFINISHED = "batch_unfinished"
    JOB_NOT_FOUND = "job_not_found"
    REDEMPTION_NOT_FOUND = "redemption_not_found"
    IMPORT_NEEDS_OWN_CODES = "import_needs_own_codes"
    EXPIRY_IS_PAST = "expiry_is_past"
    COUPON_RETURNED = "coupon_returned"
    COUPON_REISSUED = "coupon_reissued"
    CREATOR_CODE_REVOKED = "creator_code_revoked"
    NOT_REISSUABLE = "not_reissuable"
    LIVE_RESERVATIONS = "live_reservations"
    TIME_OUT_OF_RANGE = "time_out_of_range"
    INVALID_PERIOD = "invalid_period"


class PurchaseReason(StrEnum):
    """Why a user could not buy, use or return a coupon (Mambo specification)."""

    USER_NOT_FOUND = "user_not_found"
    NOT_A_MEMBER = "not_a_member"
    NOT_AWARDED = "not_awarded"
    NOT_BUYABLE = "not_buyable"
    NOT_ENOUGH_POINTS = "not_enough_points"
    REDEEMED_OR_EXPIRED = "redeemed_or_expired"
    NOT_REFUNDABLE = "not_refundable"
    ACTIVITY_NOT_FOUND = "activity_not_found"
    MADE_ELSEWHERE = "made_elsewhere"


class ReservationReason(StrEnum):
    """Why a reservation cannot be confirmed or released."""

    RESERVATION_NOT_FOUND = "reservation_not_found"
    RESERVATION_EXPIRED = "reservation_expired"
    RESERVATION_CONFIRMED = "reservation_confirmed"
    RESERVATION_RELEASED = "reservation_released"


class AuthReason(StrEnum):
    """Why a caller was not authenticated (401) or not authorized (403)."""

    NO_CREDENTIALS = "no_credentials"
    BAD_TOKEN = "bad_token"
    EXPIRED_TOKEN = "expired_token"
    BAD_API_KEY = "bad_api_key"
    MISSING_HEADER = "missing_header"
    BAD_TIMESTAMP = "bad_timestamp"
    BAD_SIGNATURE = "bad_signature"
    WRONG_TENANT = "wrong_tenant"
    WRONG_USER = "wrong_user"
    SCOPE_MISSING = "scope_missing"
    BAD_CLIENT_KEY = "bad_client_key"
    WRONG_KEY_KIND = "wrong_key_kind"


class OperatorReason(StrEnum):
    """Why an operator was not signed in, or an action on operators was refused."""

    SIGN_IN_FAILED = "sign_in_failed"
    SECOND_FACTOR_MISSING = "second_factor_missing"
    LINK_INVALID = "link_invalid"
    PASSWORD_TOO_SHORT = "password_too_short"
    PASSWORD_TOO_LONG = "password_too_long"
    PASSWORDS_DIFFER = "passwords_differ"
    INVALID_EMAIL = "invalid_email"
    OPERATOR_NOT_FOUND = "operator_not_found"
    OPERATOR_DISABLED = "operator_disabled"
    OPERATOR_OF_OTHER_TENANTS = "operator_of_other_tenants"
    LAST_OWNER = "last_owner"
    WRONG_SECOND_FACTOR = "wrong_second_factor"
    SECOND_FACTOR_PRESENT = "second_factor_present"
    PROVIDER_REFUSED = "provider_refused"
    UNKNOWN_ACCOUNT = "unknown_account"
    OTHER_ACCOUNT = "other_account"
    UNVERIFIED_EMAIL = "unverified_email"


AnyReason = (
    Reason
    | AdminReason
    | PurchaseReason
    | ReservationReason
    | AuthReason
    | OperatorReason
)


class Refused(Exception):
    """An action was refused and changed nothing.

    `reason` is the violated rule; `detail`, if set, is a sentence with the figures of
    this case. `definition` is that of the code, if it is known; reports count by it.
    """

    def __init__(
        self,
        reason: AnyReason,
        detail: str = "",
        definition: "Definition | None" = None,
    ) -> None:
        super().__init__(reason, detail)
        self.reason = reason
        self.detail = detail
        self.definition = definition


@contextmanager
def refusals_about(definition: "Definition") -> Iterator[None]:
    """Add the definition to the refusals of the block."""
    try:
        yield
    except Refused as refused:
        refused.definition = definition
        raise


class LimitBelowUses(Refused):
    """A limit would be below the number of uses so far, which is `use_count`.

    `limit` is its path below `config.limits`. The use of a limit per user is that of
    the user with the most uses.
    """

    def __init__(self, limit: str, use_count: int) -> None:
        super().__init__(AdminReason.LIMIT_BELOW_USES)
        self.limit = limit
        self.use_count = use_count

    def with_member(self, member: str) -> Refused:
        """Return the refusal with the number, for an API that has this member."""
        text = f"expected at least {self.use_count}, the number of uses so far"
        return Refused(self.reason, f"{member}: {text}")


class ImpossibleCode(Refused):
    """No such code can exist, so entering it is a typing error and not a guess."""

    def __init__(self) -> None:
        super().__init__(Reason.COUPON_NOT_FOUND)
