"""The settings of the console, the pages on the admin gateway."""

from dataclasses import dataclass, fields

from environs import validate

from coupon_core.settings.single_sign_on import SingleSignOnSettings
from coupon_core.settings.validators import EXPECTED_RANGE, validate_public_url
from coupon_core.settings.variables import setting_with_default

MINUTES_RANGE = validate.Range(1, 1_440, error=EXPECTED_RANGE)
HOURS_RANGE = validate.Range(1, 720, error=EXPECTED_RANGE)


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsoleSettings(SingleSignOnSettings):
    """Where operators reach the console, and for how long they stay signed in."""

    console_url: str = setting_with_default(
        "COUPON_CONSOLE_URL",
        "URL at which operators reach the admin gateway, such as "
        "https://coupons.example; one-time links begin with it",
        default="",
        validate=validate_public_url,
        documented_default="http://127.0.0.1:ADMIN_PORT",
    )
    console_idle_minutes: int = setting_with_default(
        "COUPON_CONSOLE_IDLE_MINUTES",
        "minutes without a request after which an operator must sign in again",
        default=60,
        validate=MINUTES_RANGE,
    )
    console_session_hours: int = setting_with_default(
        "COUPON_CONSOLE_SESSION_HOURS",
        "hours after which an operator must sign in again in any case",
        default=12,
        validate=HOURS_RANGE,
    )


LAST_FIELDS = frozenset(field.name for field in fields(ConsoleSettings))
"""The names of the fields; documents list them after all others."""
