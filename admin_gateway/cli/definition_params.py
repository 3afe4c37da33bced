"""Types of options of a definition that combine two values."""

from typing import Any

import rich_click as click

from coupon_core.domain.models import UsagePeriod

NO_REFILL = "none"


class PeriodLimitParam(click.ParamType):  # type: ignore[type-arg]
    """A number of uses in a period, such as 2/day."""

    name = "uses/period"

    def convert(self, value: Any, param: Any, ctx: Any) -> Any:
        """Return it as the API expects it, or fail with a usage error."""
        uses, _, period = str(value).partition("/")
        if not uses.isdecimal() or period not in list(UsagePeriod):
            self.fail(f'"{value}": expected uses/period, such as 2/day.', param, ctx)
        return {"max_uses": int(uses), "period": period}


class RefillParam(click.ParamType):  # type: ignore[type-arg]
    """A number of codes, and below how many left they are generated: 5000/500."""

    name = "count/below"

    def convert(self, value: Any, param: Any, ctx: Any) -> Any:
        """Return it as the API expects it, or fail with a usage error."""
        if value == NO_REFILL:
            return {}
        count, _, below = str(value).partition("/")
        below = below or "1"
        is_valid = count.isdecimal() and below.isdecimal()
        if not is_valid or int(below) > int(count):
            expected = "COUNT/BELOW with BELOW up to COUNT, such as 5000/500, or none"
            self.fail(f'"{value}": expected {expected}.', param, ctx)
        return {"count": int(count), "below": int(below)}
