"""The settings of how long data is kept."""

from dataclasses import dataclass

from environs import validate

from coupon_core.settings.validators import EXPECTED_RANGE
from coupon_core.settings.variables import setting_with_default

KEPT_DAYS_RANGE = validate.Range(0, 36_500, error=EXPECTED_RANGE)
SHORT_KEPT_DAYS_RANGE = validate.Range(1, 7, error=EXPECTED_RANGE)


@dataclass(frozen=True, slots=True, kw_only=True)
class RetentionSettings:
    """For how many days data is kept that is not needed to redeem coupons."""

    keep_audit_days: int = setting_with_default(
        "COUPON_KEEP_AUDIT_DAYS",
        "days for which audit entries are kept; 0 means without a limit",
        default=0,
        validate=KEPT_DAYS_RANGE,
    )
    keep_dead_letters_days: int = setting_with_default(
        "COUPON_KEEP_DEAD_LETTERS_DAYS",
        "days for which dead letters are kept; 0 means without a limit",
        default=0,
        validate=KEPT_DAYS_RANGE,
    )
    keep_events_days: int = setting_with_default(
        "COUPON_KEEP_EVENTS_DAYS",
        "days for which events are kept after they have been published",
        default=7,
        validate=SHORT_KEPT_DAYS_RANGE,
    )
    keep_deliveries_days: int = setting_with_default(
        "COUPON_KEEP_DELIVERIES_DAYS",
        "days for which deliveries of webhooks are kept with their log",
        default=7,
        validate=SHORT_KEPT_DAYS_RANGE,
    )
    keep_reservations_days: int = setting_with_default(
        "COUPON_KEEP_RESERVATIONS_DAYS",
        "days for which ended reservations are kept; 0 means without a limit",
        default=30,
        validate=KEPT_DAYS_RANGE,
    )

    @property
    def kept_days(self) -> dict[str, int]:
        """The days by kind of data."""
        return {
            "audit": self.keep_audit_days,
            "dead_letters": self.keep_dead_letters_days,
            "events": self.keep_events_days,
            "deliveries": self.keep_deliveries_days,
            "reservations": self.keep_reservations_days,
        }
