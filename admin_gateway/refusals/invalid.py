"""Refusals of requests that are invalid regardless of existing data."""

from collections.abc import Mapping

from coupon_core.domain.models import AdminReason, AnyReason

INVALID: Mapping[AnyReason, str] = {
    AdminReason.TENANT_ID_RESERVED: (
        "tenant_id: this word is part of the gateways' paths; expected another"
    ),
    AdminReason.UNKNOWN_REWARD_ITEM: (
        "config.reward_item_id: expected the id of one of your reward items"
    ),
    AdminReason.UNKNOWN_CAMPAIGN: (
        "campaign_id: expected the id of one of your campaigns"
    ),
    AdminReason.CUSTOM_CODE_MISSING: (
        "config.custom_code: missing; expected with code_format custom"
    ),
    AdminReason.RANDOM_CODE_WITH_CUSTOM: (
        "config.custom_code: expected only with code_format custom"
    ),
    AdminReason.SHARED_CODES_ARE_CLAIMED: (
        "The codes of this definition are distributed by creators and claimed by "
        "players; give codes to a creator instead"
    ),
    AdminReason.CODE_TOO_LONG: (
        "config.code_length: expected at most 64 characters with code_prefix"
    ),
    AdminReason.PATTERN_ALONE: (
        "config.code_pattern: expected only with code_format random, and without "
        "code_prefix"
    ),
    AdminReason.PATTERN_UNFIT: (
        "config.code_pattern: expected 4 to 32 places of #, ? or *"
    ),
    AdminReason.CHECK_NEEDS_STEM: (
        "config.code_check: expected only with random codes that begin with at least 3"
        " fixed characters, by code_prefix or code_pattern"
    ),
    AdminReason.DATES_REVERSED: "config.expires_at: expected a time after starts_at",
    AdminReason.TRIGGER_MISSING: (
        "config.auto_generate.trigger: missing; expected when enabled"
    ),
    AdminReason.CLAIMABLE_NEEDS_CUSTOM: (
        "config.claimable: expected only with code_format custom"
    ),
    AdminReason.REFILL_NEEDS_RANDOM: (
        "config.refill: expected only with code_format random"
    ),
    AdminReason.CUSTOM_NEEDS_USERS: (
        "user_ids: missing; expected, as the codes of this definition are not random"
    ),
    AdminReason.IMPORT_NEEDS_OWN_CODES: (
        "Codes can be imported only if each belongs to one coupon: code_format "
        "random or listed"
    ),
    AdminReason.TIME_OUT_OF_RANGE: ("A time is not in the years 1970 to 9999 in UTC"),
    AdminReason.INVALID_PERIOD: "from, to: expected a period that can be reported",
    AdminReason.EXPIRY_IS_PAST: "expires_at: expected a time in the future",
    AdminReason.BAD_WEBHOOK_URL: "url: expected a URL to which webhooks may be sent",
}
