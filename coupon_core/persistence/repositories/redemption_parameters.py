"""The parameters of the guarded write of a redemption."""

from coupon_core.domain.models import Definition, Redemption
from coupon_core.domain.timestamps import format_timestamp_milliseconds


def to_redemption_parameters(redemption: Redemption) -> dict[str, object]:
    """Return the parameters of a new redemption."""
    return {
        "user_id": redemption.user_id,
        "use_number": redemption.use_number,
        "redemption_id": redemption.redemption_id,
        "dialect": redemption.dialect.value,
        "redeemed_at": format_timestamp_milliseconds(redemption.redeemed_at),
        "period_key": redemption.period_key,
    }


def to_rule_parameters(definition: Definition) -> dict[str, object]:
    """Return the rules that the decision was made on."""
    return {
        "per_code_limit": definition.per_code_limit,
        "per_user_limit": definition.per_user_limit,
        "total_limit": definition.total_limit,
        "user_period_limit": definition.user_period_limit,
        "user_period": definition.user_period,
        "campaign_id": definition.campaign_id,
        "custom_code": definition.custom_code,
        "case_sensitive": definition.case_sensitive,
    }
