"""The type of options that are an integer within limits."""

from typing import Any

import rich_click as click


class IntegerRange(click.IntRange):
    """A parameter that is an integer within limits, which its errors name."""

    name = "integer"

    def convert(self, value: Any, param: Any, ctx: Any) -> Any:
        """Return the integer, or fail with a usage error."""
        try:
            return super().convert(value, param, ctx)
        except click.BadParameter:
            end = " or more" if self.max is None else f" to {self.max}"
            self.fail(f'"{value}": expected an integer of {self.min}{end}.', param, ctx)
