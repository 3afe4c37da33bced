"""Refusals of valid requests that conflict with existing data."""

from collections.abc import Mapping

from coupon_core.domain.models import AdminReason, AnyReason, PurchaseReason

CONFLICTS: Mapping[AnyReason, str] = {
    AdminReason.TENANT_EXISTS: "This tenant exists already",
    AdminReason.NAME_TAKEN: "name: another definition has this name",
    AdminReason.CODE_TAKEN: "config.custom_code: this code is in use already",
    AdminReason.CAMPAIGN_EXISTS: "campaign_id: another campaign has this id",
    AdminReason.CAMPAIGN_OF_PACKAGE: (
        "campaign_id: expected that of the package whose definition this is"
    ),
    AdminReason.PACKAGE_OUT_OF_USE: (
        "status: the definition is archived while its package is not active or its "
        "campaign is COMPLETED or CANCELLED; change the package or campaign"
    ),
    AdminReason.CREATOR_EXISTS: "creator_key: another creator has this key",
    AdminReason.CREATOR_INACTIVE: "The creator is inactive and receives no more codes",
    AdminReason.TOO_MANY_CODES: (
        "A creator can have at most 10,000 codes, including revoked ones"
    ),
    AdminReason.REWARD_ITEM_IN_USE: "A definition uses this reward item",
    AdminReason.CODE_SPACE_TOO_SMALL: "There are too few codes of this length",
    AdminReason.CODE_RULES_FROZEN: (
        "config: code_format, custom_code and case_sensitive cannot change while "
        "coupons exist"
    ),
    AdminReason.LIMIT_BELOW_USES: (
        "config.limits: expected at least the number of uses so far"
    ),
    AdminReason.TOTAL_LIMIT_REACHED: ("The total limit of these coupons is reached"),
    AdminReason.NOT_ACTIVE: "Coupons are generated only while the definition is active",
    AdminReason.DEFINITION_SUSPENDED: (
        "No coupons are generated while the definition or its campaign is suspended: "
        "resume it first"
    ),
    AdminReason.SEVERAL_COUPONS: (
        "user_id: missing; expected, because several users hold this code"
    ),
    AdminReason.REDEEMED_COUPON: "The coupon has been redeemed and cannot be revoked",
    AdminReason.CHECKED_CODES_FROZEN: (
        "config: the format of codes with a check character cannot change, and a "
        "check character cannot be added or removed; create another definition"
    ),
    AdminReason.STEM_TAKEN: (
        "config: the beginning of the codes is reserved or in use; expected another"
    ),
    AdminReason.BATCH_FINISHED: "The batch has ended and cannot be cancelled",
    AdminReason.USER_EXISTS: "This user is already registered",
    AdminReason.WALLET_FULL: (
        "amount: expected less; a wallet holds at most 9007199254740991 points"
    ),
    PurchaseReason.NOT_ENOUGH_POINTS: "amount: the user does not have enough points",
    AdminReason.COUPON_RETURNED: (
        "The coupon was returned for its points and cannot be restored"
    ),
    AdminReason.COUPON_REISSUED: (
        "The coupon was replaced by another one and cannot be restored"
    ),
    AdminReason.CREATOR_CODE_REVOKED: (
        "The coupon has the code of a creator, and that code is revoked"
    ),
    AdminReason.NOT_REISSUABLE: "The coupon cannot be re-issued",
    AdminReason.LIVE_RESERVATIONS: (
        "The user holds live reservations: wait until they are confirmed, released or "
        "expired"
    ),
    AdminReason.ALREADY_ASSIGNED: "This code is already assigned to a user",
    AdminReason.NOT_ASSIGNABLE: (
        "Only an active code can be assigned to a user, and not while it is suspended "
        "or reserved"
    ),
    AdminReason.BATCH_UNFINISHED: (
        "The batch is still being generated: wait for its end, or cancel it first"
    ),
    AdminReason.LAST_SECRET: "This is the only secret; rotate first",
    AdminReason.DEAD_LETTER_UNREADABLE: (
        "The dead letter is not text, or not from a queue of milestones: it can "
        "only be dropped"
    ),
    AdminReason.WEBHOOK_INACTIVE: (
        "The webhook is inactive: activate it before you resend its deliveries"
    ),
    AdminReason.TOO_MANY_WEBHOOKS: (
        "The tenant has the maximum number of webhooks; delete one first"
    ),
}
