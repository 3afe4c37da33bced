"""The option for the refill of a definition."""

from typing import Any

import rich_click as click

NO_REFILL = "none"


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


def build_refill(refill: dict[str, int] | None, **_: Any) -> dict[str, Any]:
    """Return the members of the body that the option sets, by path."""
    return {} if refill is None else {"config.refill": refill or None}
