"""The query parameter that says how far back a report goes."""

from datetime import datetime, timedelta
from typing import Any, NamedTuple

from marshmallow import ValidationError

from coupon_core.domain.models import utc_now
from coupon_core.schemas.fields import StrictString

SINCE_PATTERN = "^[1-9][0-9]{0,2}[hdw]$"
HOURS_PER_UNIT = {"h": 1, "d": 24, "w": 7 * 24}


class Since(NamedTuple):
    """How far back a report goes, in hours or, if `is_days`, in whole local days."""

    hours: int
    is_days: bool

    @property
    def start(self) -> datetime:
        """Return the time that is so many hours before now."""
        return utc_now() - timedelta(hours=self.hours)


class SinceField(StrictString):
    """How far back: a number and a unit; loads as `Since`."""

    def __init__(self, days: str, **options: Any) -> None:
        super().__init__(
            max_length=4,
            pattern=SINCE_PATTERN,
            expectation="a number from 1 to 999 and a unit, such as 24h, 7d or 4w",
            metadata={
                "description": "How far back, such as 24h, 7d or 4w, instead of `from` "
                f"and `to`; {days}."
            },
            **options,
        )

    def deserialize(self, value: Any, *args: Any, **options: Any) -> Any:
        """Split the text after it was validated."""
        text = super().deserialize(value, *args, **options)
        if not isinstance(text, str):
            return text
        hours = int(text[:-1]) * HOURS_PER_UNIT[text[-1]]
        return Since(hours, is_days=text[-1] != "h")


def refuse_two_periods(members: dict[str, Any], *names: str) -> None:
    """Refuse `since` beside one of the other members that say when.

    Raises:
        ValidationError: Both were given.
    """
    if members.keys() & {*names}:
        raise ValidationError({"since": ["expected either since, or from and to"]})
