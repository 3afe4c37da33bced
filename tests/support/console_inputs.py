"""What the tests of the API enter in its fields, as the texts of form fields."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from tests.admin_gateway.requests import test_invalid_limits as limits
from tests.admin_gateway.requests import test_invalid_values as values

# Wrong as texts in JSON, but not in a form: a field left empty, a box, an object.
MEANINGFUL_TEXTS = frozenset({"", "true", "{}"})
MAX_LENGTH = 3_000  # longer ones are about the limits of bodies
# The values by the path of a field in its form.
BAD_VALUES: Mapping[str, list[Any]] = {
    **values.REWARD,
    **values.DEFINITION,
    **{f"config.{name}": bad for name, bad in values.CONFIG.items()},
    **values.GENERATE,
    "scopes": values.KEY["scopes.0"],
    **{f"config.{name}": bad for name, bad in limits.CONFIG.items()},
    **{f"config.limits.{name}": bad for name, bad in limits.LIMITS.items()},
    **{
        f"config.limits.per_user_period.{name}": bad
        for name, bad in limits.PERIOD_LIMIT.items()
    },
    **{f"config.refill.{name}": bad for name, bad in limits.REFILL.items()},
    **{name: values.BAD_TIMES for name in ("starts_at", "ends_at", "expires_at")},
    **{name: values.BAD_TEXTS for name in ("genre", "point_id", "reason")},
}
# Texts that only a form can hold.
BAD_TEXTS = ["\0", "a\0b", "<script>", "%s%n", "9" * 400, "٣", "²", '{"a":NaN}', "[["]


def to_texts(bad_values: Iterable[Any]) -> list[str]:
    """Return the values as texts, without those that a form cannot tell apart.

    An empty field is absent, and blanks around a text do not belong to it.
    """
    texts = (
        value if isinstance(value, str) else json.dumps(value)
        for value in bad_values
        if value is not None and not isinstance(value, bool)
    )
    return list(dict.fromkeys(text for text in texts if len(text) <= MAX_LENGTH))


def list_refused_texts(name: str) -> list[str]:
    """Return what a form must refuse in a field, beside the field."""
    return [
        text
        for value in BAD_VALUES.get(name, ())
        if isinstance(value, str)
        for text in to_texts([value])
        if text not in MEANINGFUL_TEXTS
        and text.strip() == text
        and not text.lstrip("-").isdecimal()
    ]


ALL_TEXTS = to_texts(
    [value for bad in BAD_VALUES.values() for value in bad] + BAD_TEXTS
)
