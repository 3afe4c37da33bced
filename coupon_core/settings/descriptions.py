"""The settings as `couponctl config show` and the documentation list them."""

from dataclasses import fields

from coupon_core.domain.url_redaction import HIDDEN, redact_url
from coupon_core.settings.model import VARIABLES, Settings
from coupon_core.settings.variables import format_value

DESCRIPTIONS = tuple(
    (variable.name, variable.description, variable.default_text())
    for variable in VARIABLES.values()
)
"""Name, meaning and default of every variable, as the documentation lists them."""


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
        return HIDDEN
    return redact_url(format_value(value))
