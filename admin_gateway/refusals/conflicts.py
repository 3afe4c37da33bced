"""Refusals of valid requests that conflict with existing data."""

from collections.abc import Mapping

from coupon_core.domain.models import AdminReason, AnyReason, PurchaseReason

CONFLICTS: Mapping[AnyReason, str] = {
    AdminReason.TENANT_EXISTS: "This tenant exists already",
    AdminReason.NAME_TAKEN: "name: another definition has this name",
    AdminReason.CODE_TAKEN: "config.custom_code: this code is in use already",
    AdminReason.CAMPAIGN_EXISTS: "campaign_id: another campaign has this id",
    AdminReason.PACKAGE_OUT_OF_USE: (
        "status: the definition stays archived while its package is not active or the "
        "package's campaign is COMPLETED or CANCELLED; change that, and it follows"
    ),
    AdminReason.CREATOR_EXISTS: "creator_key: another creator has this key",
    AdminReason.CREATOR_INACTIVE: "The creator is inactive and is given no more codes",
    AdminReason.TOO_MANY_CODES: (
        "A creator may have 10,000 codes, revoked ones included"
    ),
    AdminReason.REWARD_ITEM_IN_USE: "A definition still names this reward item",
    AdminReason.CODE_SPACE_TOO_SMALL: "There are too few codes of this length",
    AdminReason.CODE_RULES_FROZEN: (
        "config: code_format, custom_code and case_sensitive cannot change any more, "
        "for there are coupons"
    ),
    AdminReason.LIMIT_BELOW_USES: (
        "config.usage_limit.max_uses: more uses than that have been made"
    ),
    AdminReason.TOTAL_LIMIT_REACHED: (
        "No more of these coupons may be given out than the total limit says"
    ),
    AdminReason.NOT_ACTIVE: "Coupons are generated only while the definition is active",
    AdminReason.SEVERAL_COUPONS: "user_id: expected, for several users hold this code",
    AdminReason.REDEEMED_COUPON: "The coupon has been redeemed and cannot be revoked",
    AdminReason.CHECKED_CODES_FROZEN: (
        "config: how codes with a check character are made cannot change, nor can they"
        " begin or cease to have one; create another definition"
    ),
    AdminReason.STEM_TAKEN: (
        "config: the beginning of the codes is reserved or in use; expected another"
    ),
    AdminReason.BATCH_FINISHED: "The batch has come to its end and cannot be cancelled",
    AdminReason.USER_EXISTS: "This user is known already",
    AdminReason.WALLET_FULL: (
        "amount: expected less, for a wallet holds at most 9007199254740991 points"
    ),
    PurchaseReason.NOT_ENOUGH_POINTS: "amount: the user does not have so many points",
    AdminReason.ALREADY_ASSIGNED: "This code is in a user's hands already",
    AdminReason.NOT_ASSIGNABLE: "Only an active code can be put into a user's hands",
    AdminReason.BATCH_UNFINISHED: (
        "The batch is still being made: wait for its end, or cancel it first"
    ),
    AdminReason.LAST_SECRET: "This is the only secret; rotate first",
    AdminReason.DEAD_LETTER_UNREADABLE: (
        "The dead letter is no text, or of no queue of milestones: it can only be "
        "dropped"
    ),
    AdminReason.TOO_MANY_WEBHOOKS: (
        "There are as many webhooks as a tenant may have; delete one first"
    ),
}
