"""Marshmallow fields for metadata, for filters by it, and for references."""

from collections.abc import Mapping
from typing import Any

from marshmallow import ValidationError, fields

from coupon_core.domain.metadata import (
    FILTER_PREFIX,
    KEY_PATTERN,
    MAX_KEYS,
    MAX_NUMBER,
    MAX_REFERENCE_LENGTH,
    MAX_VALUE_LENGTH,
    METADATA_EXPECTED,
    find_metadata_problem,
    is_metadata_key,
)
from coupon_core.schemas.base import LenientSchema
from coupon_core.schemas.fields import StrictString, escape_braces, with_error_messages

FILTER_PARAMETER = f"{FILTER_PREFIX}KEY"
"""How the OpenAPI documents name the parameters of a filter by metadata."""
MAX_FILTERS = 10


class MetadataField(fields.Dict):
    """Metadata of an object (docs/api-contracts.md 0.28)."""

    def __init__(self, **options: Any) -> None:
        options["metadata"] = {
            "maxProperties": MAX_KEYS,
            "propertyNames": {"pattern": KEY_PATTERN},
            "additionalProperties": {
                "anyOf": [
                    {"type": "string", "maxLength": MAX_VALUE_LENGTH},
                    {"type": "number", "minimum": -MAX_NUMBER, "maximum": MAX_NUMBER},
                    {"type": "boolean"},
                ]
            },
            "example": {"season": "winter", "wave": 2},
            **options.get("metadata", {}),
        }
        super().__init__(
            **with_error_messages(escape_braces(METADATA_EXPECTED), options)
        )

    def _deserialize(self, value: Any, *_: Any, **__: Any) -> dict[str, Any]:
        problem = find_metadata_problem(value)
        if problem:
            raise ValidationError(problem)
        return dict(value)


class MetadataFilterField(StrictString):
    """The parameters `metadata.KEY=value` of a list, which the parser has grouped."""

    def __init__(self) -> None:
        super().__init__(
            min_length=0,
            max_length=MAX_VALUE_LENGTH,
            data_key=FILTER_PARAMETER,
            metadata={
                "maxLength": MAX_VALUE_LENGTH,
                "description": "Only objects with this value in their metadata. "
                "Replace KEY by the key, for example `metadata.season=winter`; up to "
                f"{MAX_FILTERS} keys, all of which must match. A number or boolean "
                "matches as it is written in JSON.",
            },
        )
        self.validators = []  # each value is checked below

    def _deserialize(self, value: Any, *args: Any, **options: Any) -> Any:
        if len(value) > MAX_FILTERS:
            raise ValidationError(
                f"expected at most {MAX_FILTERS} keys, not {len(value)}"
            )
        for key, text in value.items():
            if not is_metadata_key(key) or len(text) > MAX_VALUE_LENGTH:
                raise ValidationError(
                    f"{FILTER_PREFIX}{key[:40]}: expected a key of 1 to 40 letters, "
                    f"digits, _ or -, and a value of up to {MAX_VALUE_LENGTH} "
                    "characters"
                )
        return value


def group_metadata_filters(parameters: Mapping[str, str]) -> dict[str, Any]:
    """Return query parameters in which the filters by metadata are one member."""
    filters = {
        name.removeprefix(FILTER_PREFIX): value
        for name, value in parameters.items()
        if name.startswith(FILTER_PREFIX)
    }
    others: dict[str, Any] = {
        name: value
        for name, value in parameters.items()
        if not name.startswith(FILTER_PREFIX)
    }
    return others | ({FILTER_PARAMETER: filters} if filters else {})


def reference_field(**options: Any) -> StrictString:
    """Return the field of a reference, such as the ID of an order."""
    return StrictString(
        max_length=MAX_REFERENCE_LENGTH,
        metadata={
            "description": "A reference of your own, for example the ID of an order."
        },
        **options,
    )


class RedemptionNoteSchema(LenientSchema):
    """What a caller may note on a redemption; null is the same as absent."""

    reference = reference_field(allow_none=True)
    metadata = MetadataField(allow_none=True)
