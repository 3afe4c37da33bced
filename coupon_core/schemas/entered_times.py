"""Fields for times as people enter them, and for their time zones."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from marshmallow import ValidationError

from coupon_core.domain.entered_times import (
    DEFAULT_TIME_ZONE,
    EnteredTime,
    describe_unknown_time_zone,
    to_instant,
)
from coupon_core.schemas.errors import truncate_for_display
from coupon_core.schemas.fields import StrictString, describe_wrong_type
from coupon_core.schemas.timestamps import ENTERED_TIME_EXPECTED, parse_entered

_DOCUMENTED_SYNTAX = {
    "pattern": r"^[0-9]{4}-[0-9]{2}-[0-9]{2}([Tt ][0-9]{2}:[0-9]{2}"
    r"(:[0-9]{2}(\.[0-9]{1,9})?([Zz]|[+-][0-9]{2}:[0-9]{2})?)?)?$",
    "maxLength": 35,
}
MAX_ZONE_LENGTH = 64


class EnteredTimeField(StrictString):
    """A time with an offset, a local time, or a date; loads as `EnteredTime`.

    `is_end` says that a date means its last second. With `in_utc` the time has no other
    time zone than UTC, so the field loads as an instant.
    """

    def __init__(
        self,
        description: str,
        *,
        is_end: bool = False,
        in_utc: bool = False,
        validator: Callable[[datetime | None], None] | None = None,
        **options: Any,
    ) -> None:
        self._is_end, self._in_utc = is_end, in_utc
        zone = "in UTC" if in_utc else "a local time of its time zone"
        second = "last" if is_end else "first"
        text = (
            f"{description} Without an offset: {zone}; a date is its {second} second."
        )
        super().__init__(
            expectation=ENTERED_TIME_EXPECTED,
            metadata={**_DOCUMENTED_SYNTAX, "description": text},
            **options,
        )
        self.validators = [validator] if validator else []  # of the time, not the text

    def _deserialize(self, value: Any, *_: Any, **__: Any) -> Any:
        if not isinstance(value, str):
            raise ValidationError(describe_wrong_type(ENTERED_TIME_EXPECTED, value))
        try:
            entered: EnteredTime = parse_entered(value, self._is_end)
            return to_instant(entered, DEFAULT_TIME_ZONE) if self._in_utc else entered
        except ValueError as error:
            raise ValidationError(str(error)) from None


class TimeZoneField(StrictString):
    """The IANA name of a time zone."""

    def __init__(self, **options: Any) -> None:
        super().__init__(
            max_length=MAX_ZONE_LENGTH,
            expectation="the IANA name of a time zone such as Europe/Berlin",
            **options,
        )

    def _deserialize(self, value: Any, *args: Any, **kwargs: Any) -> str:
        name: str = super()._deserialize(value, *args, **kwargs)
        if problem := describe_unknown_time_zone(truncate_for_display(name)):
            raise ValidationError(problem)
        return name
