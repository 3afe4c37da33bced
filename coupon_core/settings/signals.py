"""The settings of when failed attempts are reported as a signal."""

from dataclasses import dataclass

from environs import validate

from coupon_core.settings.retention import RetentionSettings
from coupon_core.settings.validators import EXPECTED_RANGE
from coupon_core.settings.variables import setting_with_default

THRESHOLD_RANGE = validate.Range(0, 1_000_000, error=EXPECTED_RANGE)


@dataclass(frozen=True, slots=True, kw_only=True)
class SignalSettings(RetentionSettings):
    """From how many events within an hour on `signal.raised` is published."""

    signal_code_users: int = setting_with_default(
        "COUPON_SIGNAL_CODE_USERS",
        "number of users who try a code of another user within an hour, from which on "
        "the signal code_shared is raised; 0 means never",
        default=5,
        validate=THRESHOLD_RANGE,
    )
    signal_user_failures: int = setting_with_default(
        "COUPON_SIGNAL_USER_FAILURES",
        "number of failed attempts of a user within an hour, from which on the signal "
        "user_failures is raised; 0 means never",
        default=30,
        validate=THRESHOLD_RANGE,
    )
    signal_reference_uses: int = setting_with_default(
        "COUPON_SIGNAL_REFERENCE_USES",
        "number of redemptions with the same reference within an hour, from which on "
        "the signal reference_reused is raised; 0 means never",
        default=5,
        validate=THRESHOLD_RANGE,
    )
