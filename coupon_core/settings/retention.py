"""The settings of how long data is kept."""

from dataclasses import dataclass

from environs import validate

from coupon_core.domain.rules.report_plans import KEPT_REFUSAL_DAYS
from coupon_core.settings.metrics import MetricsSettings
from coupon_core.settings.validators import COUNT_RANGE, EXPECTED_RANGE
from coupon_core.settings.variables import setting_with_default

KEPT_DAYS_RANGE = validate.Range(0, 36_500, error=EXPECTED_RANGE)
# The counters of the current month are needed, also on a machine whose clock is slow.
COUNTER_KEPT_DAYS_RANGE = validate.Range(62, 36_500, error=EXPECTED_RANGE)
SHORT_KEPT_DAYS_RANGE = validate.Range(1, 7, error=EXPECTED_RANGE)


@dataclass(frozen=True, slots=True, kw_only=True)
class RetentionSettings(MetricsSettings):
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
        "days for which events are kept, if they have been published and counted",
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
    keep_period_counters_days: int = setting_with_default(
        "COUPON_KEEP_PERIOD_COUNTERS_DAYS",
        "days for which the counters of limits per user and period are kept after the "
        "period",
        default=400,
        validate=COUNTER_KEPT_DAYS_RANGE,
    )

    keep_reports_days: int = setting_with_default(
        "COUPON_KEEP_REPORTS_DAYS",
        "days for which the counts of reports are kept; 0 means without a limit",
        default=761,  # 25 months
        validate=KEPT_DAYS_RANGE,
    )
    keep_attempts_days: int = setting_with_default(
        "COUPON_KEEP_ATTEMPTS_DAYS",
        "days for which failed attempts and signals are kept; 0 means without a limit",
        default=30,
        validate=KEPT_DAYS_RANGE,
    )
    keep_attempts: int = setting_with_default(
        "COUPON_KEEP_ATTEMPTS",
        "number of failed attempts that are kept of each tenant, the newest ones",
        default=100_000,
        validate=COUNT_RANGE,
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
            "period_counters": self.keep_period_counters_days,
            "reports": self.keep_reports_days,
            "report_days": self.keep_reports_days,
            "refusals": min(
                self.keep_reports_days or KEPT_REFUSAL_DAYS, KEPT_REFUSAL_DAYS
            ),
            "refusal_days": self.keep_reports_days,
            "attempts": self.keep_attempts_days,
            "signals": self.keep_attempts_days,
        }
