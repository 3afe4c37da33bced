"""Types of parameters; some are parsed by the fields of HTTP requests."""

from collections.abc import Mapping
from enum import StrEnum
from functools import cache
from typing import Any

import rich_click as click


def to_label(parameter: click.Parameter) -> str:
    """Return how messages call a parameter, such as --expires."""
    if isinstance(parameter, click.Argument):
        return parameter.human_readable_name
    return max(parameter.opts, key=len)


def describe_invalid_value(parameter: click.Parameter, value: object, text: str) -> str:
    """Return the sentence about an invalid value, which names the value once."""
    is_named = value == "" or text.startswith((f'"{value}"', f"{value} "))
    shown = "" if is_named else f' "{value}"'
    end = "" if text.endswith((".", ")")) else "."
    return f"Invalid {to_label(parameter)}{shown}: {text}{end}"


@cache
def load_fields() -> Mapping[str, Any]:
    """Return the fields of the HTTP schemas by the names of parameters."""
    # marshmallow is imported only if a value is to be parsed.
    from coupon_core.schemas.identifiers import TenantIdField, UserIdField, UuidField

    return {"tenant": TenantIdField(), "user": UserIdField(), "uuid": UuidField()}


class FieldParam(click.ParamType):  # type: ignore[type-arg]
    """A parameter that is parsed by a field of the HTTP schemas."""

    def __init__(self, name: str) -> None:
        self.name = name

    def convert(self, value: Any, param: Any, ctx: Any) -> Any:
        """Return the parsed value, or fail with a usage error."""
        from marshmallow import ValidationError

        field = load_fields()[self.name]
        try:
            return field.deserialize(value) if isinstance(value, str) else value
        except ValidationError as error:
            text = " ".join(dict.fromkeys(map(str, error.messages)))  # each once
            raise click.UsageError(
                describe_invalid_value(param, value, text=text), ctx
            ) from None


TENANT_PARAM = FieldParam("tenant")
USER_PARAM = FieldParam("user")
UUID_PARAM = FieldParam("uuid")


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


class EnumChoice(click.Choice):  # type: ignore[type-arg]
    """A parameter that is one of the values of an enumeration."""

    def __init__(self, enum: type[StrEnum]) -> None:
        super().__init__([member.value for member in enum])
        self.enum = enum

    def convert(self, value: Any, param: Any, ctx: Any) -> Any:
        """Return the member with that value, or fail with a usage error."""
        return self.enum(super().convert(value, param, ctx))


class JsonObjectParam(click.ParamType):  # type: ignore[type-arg]
    """A parameter that is a JSON object."""

    name = "json"

    def convert(self, value: Any, param: Any, ctx: Any) -> Any:
        """Parse it as strictly as a request body, or fail with a usage error."""
        from coupon_core.schemas.errors import ApiError
        from coupon_core.schemas.strict_json import parse_object

        try:
            data = str(value).encode("utf-8", "surrogateescape")
            return parse_object(data) if isinstance(value, str) else value
        except ApiError as problem:
            expected = problem.details[0]
            location = f"{expected.path}: " if expected.path else ""
            self.fail(f"{value!r}: {location}{expected.message}", param, ctx)


class LocalizedTextParam(JsonObjectParam):
    """A parameter that is a text, which is English, or a JSON object by locale."""

    name = "text or json"

    def convert(self, value: Any, param: Any, ctx: Any) -> Any:
        """Return the texts by locale, or fail with a usage error."""
        if isinstance(value, str) and not value.lstrip().startswith("{"):
            return {"en": value}
        return super().convert(value, param, ctx)
