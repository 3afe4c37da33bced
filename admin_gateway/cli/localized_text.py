"""A parameter for a text in one or several languages."""

from typing import Any

from admin_gateway.cli.options import JsonObjectParam


class LocalizedTextParam(JsonObjectParam):
    """A parameter that is a text, which is English, or a JSON object by locale."""

    name = "text or json"

    def convert(self, value: Any, param: Any, ctx: Any) -> Any:
        """Return the texts by locale, or fail with a usage error."""
        if isinstance(value, str) and not value.lstrip().startswith("{"):
            return {"en": value}
        return super().convert(value, param, ctx)
