"""What each reason of the core is called here: status, code, text."""

from collections.abc import Mapping
from types import MappingProxyType

from coupon_core.model import AdminReason, AnyReason, PurchaseReason, Reason
from coupon_core.web.callers import AUTH_REFUSALS
from coupon_core.web.problems import Row

_NO_COUPON = (404, "COUPON_NOT_FOUND", "Coupon not found")

MISSING: Mapping[AnyReason, Row] = {
    Reason.COUPON_NOT_FOUND: _NO_COUPON,
    AdminReason.COUPON_NOT_FOUND: _NO_COUPON,
    AdminReason.DEFINITION_NOT_FOUND: (
        404,
        "DEFINITION_NOT_FOUND",
        "Coupon definition not found",
    ),
    AdminReason.REWARD_ITEM_NOT_FOUND: (
        404,
        "REWARD_ITEM_NOT_FOUND",
        "Reward item not found",
    ),
    AdminReason.API_KEY_NOT_FOUND: (404, "API_KEY_NOT_FOUND", "API key not found"),
    AdminReason.CLIENT_KEY_NOT_FOUND: (
        404,
        "CLIENT_KEY_NOT_FOUND",
        "Client key not found",
    ),
    AdminReason.CAMPAIGN_NOT_FOUND: (404, "CAMPAIGN_NOT_FOUND", "Campaign not found"),
    AdminReason.CREATOR_NOT_FOUND: (404, "CREATOR_NOT_FOUND", "Creator not found"),
    AdminReason.PACKAGE_NOT_FOUND: (404, "PACKAGE_NOT_FOUND", "Package not found"),
    AdminReason.CREATOR_CODE_NOT_FOUND: (
        404,
        "CREATOR_CODE_NOT_FOUND",
        "codes: expected only codes of this creator",
    ),
    AdminReason.SECRET_NOT_FOUND: (404, "SECRET_NOT_FOUND", "Secret not found"),
    AdminReason.TENANT_NOT_FOUND: (404, "TENANT_NOT_FOUND", "Tenant not found"),
    PurchaseReason.USER_NOT_FOUND: (404, "USER_NOT_FOUND", "User not found"),
    AdminReason.NO_CODE_SPACE: (
        404,
        "NO_CODE_SPACE",
        "The codes of this definition are given, not drawn",
    ),
    AdminReason.BATCH_NOT_FOUND: (404, "BATCH_NOT_FOUND", "Batch not found"),
    AdminReason.JOB_NOT_FOUND: (404, "JOB_NOT_FOUND", "Job not found"),
    AdminReason.DEAD_LETTER_NOT_FOUND: (
        404,
        "DEAD_LETTER_NOT_FOUND",
        "Dead letter not found",
    ),
    AdminReason.WEBHOOK_NOT_FOUND: (404, "WEBHOOK_NOT_FOUND", "Webhook not found"),
}

# Wrong in itself, whatever else there is.
INVALID: Mapping[AnyReason, Row] = {
    AdminReason.TENANT_ID_RESERVED: (
        400,
        "TENANT_ID_RESERVED",
        "tenant_id: this word is a part of the gateways' paths; expected another",
    ),
    AdminReason.UNKNOWN_REWARD_ITEM: (
        400,
        "UNKNOWN_REWARD_ITEM",
        "config.reward_item_id: expected the id of one of your reward items",
    ),
    AdminReason.CUSTOM_CODE_MISSING: (
        400,
        "CUSTOM_CODE_MISSING",
        "config.custom_code: missing; expected with code_format custom",
    ),
    AdminReason.RANDOM_CODE_WITH_CUSTOM: (
        400,
        "RANDOM_CODE_WITH_CUSTOM",
        "config.custom_code: expected only with code_format custom",
    ),
    AdminReason.SHARED_CODES_ARE_CLAIMED: (
        400,
        "SHARED_CODES_ARE_CLAIMED",
        "The codes of this definition are handed out by creators and claimed by "
        "players; give codes to a creator instead",
    ),
    AdminReason.CODE_TOO_LONG: (
        400,
        "CODE_TOO_LONG",
        "config.code_length: expected at most 64 characters with code_prefix",
    ),
    AdminReason.PATTERN_ALONE: (
        400,
        "PATTERN_ALONE",
        "config.code_pattern: expected only with code_format random, and without "
        "code_prefix",
    ),
    AdminReason.PATTERN_UNFIT: (
        400,
        "PATTERN_UNFIT",
        "config.code_pattern: expected 4 to 32 places of #, ? or *",
    ),
    AdminReason.CHECK_NEEDS_STEM: (
        400,
        "CHECK_NEEDS_STEM",
        "config.code_check: expected only with random codes that begin with at least "
        "3 fixed characters, by code_prefix or code_pattern",
    ),
    AdminReason.DATES_REVERSED: (
        400,
        "DATES_REVERSED",
        "config.expires_at: expected a time after starts_at",
    ),
    AdminReason.TRIGGER_MISSING: (
        400,
        "TRIGGER_MISSING",
        "config.auto_generate.trigger: missing; expected when enabled",
    ),
    AdminReason.CLAIMABLE_NEEDS_CUSTOM: (
        400,
        "CLAIMABLE_NEEDS_CUSTOM",
        "config.claimable: expected only with code_format custom",
    ),
    AdminReason.CUSTOM_NEEDS_USERS: (
        400,
        "CUSTOM_NEEDS_USERS",
        "user_ids: expected, for the codes of this definition are given and not drawn",
    ),
}

INVALID_STOCK: Mapping[AnyReason, Row] = {
    AdminReason.IMPORT_NEEDS_OWN_CODES: (
        400,
        "IMPORT_NEEDS_OWN_CODES",
        "Codes are imported only where each is one coupon's own: code_format random "
        "or listed",
    ),
    AdminReason.EXPIRY_IS_PAST: (
        400,
        "EXPIRY_IS_PAST",
        "expires_at: expected a time to come",
    ),
    AdminReason.BAD_WEBHOOK_URL: (
        400,
        "BAD_WEBHOOK_URL",
        "url: expected a URL that webhooks may go to",
    ),
}

# Wrong only because of what there is already.
CONFLICTS: Mapping[AnyReason, Row] = {
    AdminReason.TENANT_EXISTS: (409, "TENANT_EXISTS", "This tenant exists already"),
    AdminReason.NAME_TAKEN: (
        409,
        "NAME_TAKEN",
        "name: another definition has this name",
    ),
    AdminReason.CODE_TAKEN: (
        409,
        "CODE_TAKEN",
        "config.custom_code: this code is in use already",
    ),
    AdminReason.CAMPAIGN_EXISTS: (
        409,
        "CAMPAIGN_EXISTS",
        "campaign_id: another campaign has this id",
    ),
    AdminReason.PACKAGE_OUT_OF_USE: (
        409,
        "PACKAGE_OUT_OF_USE",
        "status: the definition stays archived while its package is not active or the "
        "package's campaign is COMPLETED or CANCELLED; change that, and it follows",
    ),
    AdminReason.CREATOR_EXISTS: (
        409,
        "CREATOR_EXISTS",
        "creator_key: another creator has this key",
    ),
    AdminReason.CREATOR_INACTIVE: (
        409,
        "CREATOR_INACTIVE",
        "The creator is inactive and is given no more codes",
    ),
    AdminReason.TOO_MANY_CODES: (
        409,
        "TOO_MANY_CODES",
        "A creator may have 10,000 codes, revoked ones included",
    ),
    AdminReason.REWARD_ITEM_IN_USE: (
        409,
        "REWARD_ITEM_IN_USE",
        "A definition still names this reward item",
    ),
    AdminReason.CODE_SPACE_TOO_SMALL: (
        409,
        "CODE_SPACE_TOO_SMALL",
        "There are too few codes of this length",
    ),
    AdminReason.CODE_RULES_FROZEN: (
        409,
        "CODE_RULES_FROZEN",
        "config: code_format, custom_code and case_sensitive cannot change any more, "
        "for there are coupons",
    ),
    AdminReason.LIMIT_BELOW_USES: (
        409,
        "LIMIT_BELOW_USES",
        "config.usage_limit.max_uses: more uses than that have been made",
    ),
    AdminReason.TOTAL_LIMIT_REACHED: (
        409,
        "TOTAL_LIMIT_REACHED",
        "No more of these coupons may be given out than the total limit says",
    ),
    AdminReason.NOT_ACTIVE: (
        409,
        "DEFINITION_NOT_ACTIVE",
        "Coupons are generated only while the definition is active",
    ),
    AdminReason.SEVERAL_COUPONS: (
        409,
        "SEVERAL_COUPONS",
        "user_id: expected, for several users hold this code",
    ),
    AdminReason.REDEEMED_COUPON: (
        409,
        "COUPON_REDEEMED",
        "The coupon has been redeemed and cannot be revoked",
    ),
    AdminReason.CHECKED_CODES_FROZEN: (
        409,
        "CHECKED_CODES_FROZEN",
        "config: how codes with a check character are made cannot change, nor can "
        "they begin or cease to have one; create another definition",
    ),
    AdminReason.STEM_TAKEN: (
        409,
        "STEM_TAKEN",
        "config.code_check: other codes begin so already; expected another beginning",
    ),
    AdminReason.BATCH_FINISHED: (
        409,
        "BATCH_FINISHED",
        "The batch has come to its end and cannot be cancelled",
    ),
    AdminReason.USER_EXISTS: (409, "USER_EXISTS", "This user is known already"),
    AdminReason.WALLET_FULL: (
        409,
        "WALLET_FULL",
        "amount: expected less, for a wallet holds at most 9007199254740991 points",
    ),
    PurchaseReason.NOT_ENOUGH_POINTS: (
        409,
        "NOT_ENOUGH_POINTS",
        "amount: the user does not have so many points",
    ),
    AdminReason.ALREADY_ASSIGNED: (
        409,
        "ALREADY_ASSIGNED",
        "This code is in a user's hands already",
    ),
    AdminReason.NOT_ASSIGNABLE: (
        409,
        "NOT_ASSIGNABLE",
        "Only an active code can be put into a user's hands",
    ),
    AdminReason.BATCH_UNFINISHED: (
        409,
        "BATCH_UNFINISHED",
        "The batch is still being made: wait for its end, or cancel it first",
    ),
    AdminReason.LAST_SECRET: (
        409,
        "LAST_SECRET",
        "This is the only secret; rotate first",
    ),
    AdminReason.DEAD_LETTER_UNREADABLE: (
        409,
        "DEAD_LETTER_UNREADABLE",
        "The dead letter is no text, or of no queue of milestones: it can only be "
        "dropped",
    ),
    AdminReason.TOO_MANY_WEBHOOKS: (
        409,
        "TOO_MANY_WEBHOOKS",
        "There are as many webhooks as a tenant may have; delete one first",
    ),
}

REFUSALS: Mapping[AnyReason, Row] = MappingProxyType(
    {
        **AUTH_REFUSALS,
        **MISSING,
        **INVALID,
        **INVALID_STOCK,
        **CONFLICTS,
        AdminReason.SCOPE_TOO_WIDE: (
            403,
            "SCOPE_TOO_WIDE",
            "scopes: expected only what your own API key may do",
        ),
    }
)
