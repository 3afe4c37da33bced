"""The settings as `couponctl config show` and the documentation list them."""

import re
from dataclasses import fields

from coupon_core.settings.model import VARIABLES, Settings
from coupon_core.settings.variables import format_value

DESCRIPTIONS = tuple(
    (variable.name, variable.description, variable.default_text())
    for variable in VARIABLES.values()
)
"""Name, meaning and default of every variable, as the documentation lists them."""

URL_PASSWORD_PATTERN = re.compile(r"(?<=:)[^:@/]+(?=@)")


def describe_settings(settings: Settings) -> list[tuple[str, str, str]]:
    """Return name, value and meaning of every setting, with secrets hidden."""
    return [
        (
            VARIABLES[setting.name].name,
            _redact_value(getattr(settings, setting.name), is_public=setting.repr),
            VARIABLES[setting.name].description,
        )
        for setting in fields(settings)
        if setting.name in VARIABLES
    ]


def _redact_value(value: object, *, is_public: bool) -> str:
    if not is_public:
        return "(hidden)"
    return URL_PASSWORD_PATTERN.sub("(hidden)", format_value(value))
