"""Options shared by commands, parsed by the same fields as HTTP requests."""

from typing import Any

import rich_click as click
from marshmallow import ValidationError, fields

from coupon_core.domain.models import Page
from coupon_core.schemas.codes import CodeField
from coupon_core.schemas.errors import ApiError
from coupon_core.schemas.fields import UtcDateTime
from coupon_core.schemas.identifiers import TenantIdField, UserIdField, UuidField
from coupon_core.schemas.strict_json import parse_object


class FieldParam(click.ParamType):  # type: ignore[type-arg]
    """A parameter that is parsed by a field of the HTTP schemas."""

    def __init__(self, name: str, field: fields.Field[Any]) -> None:
        self.name = name
        self.field = field

    def convert(self, value: Any, param: Any, ctx: Any) -> Any:
        """Return the parsed value, or fail with a usage error."""
        try:
            return self.field.deserialize(value) if isinstance(value, str) else value
        except ValidationError as error:
            expectations = dict.fromkeys(map(str, error.messages))  # each once
            text = " ".join(expectations)
            names_value = text.startswith(f'"{value}"')
            self.fail(text if names_value else f"{value!r}: {text}", param, ctx)


CLI_ACTOR = "couponctl"
"""Recorded as the actor of changes made by a command."""

TENANT_PARAM = FieldParam("tenant", TenantIdField())
USER_PARAM = FieldParam("user", UserIdField())
UUID_PARAM = FieldParam("uuid", UuidField())
CODE_PARAM = FieldParam("code", CodeField())
TIME_PARAM = FieldParam("time", UtcDateTime())

tenant_option = click.option(
    "--tenant",
    "tenant_id",
    type=TENANT_PARAM,
    required=True,
    help="Tenant ID.",
)
limit_option = click.option(
    "--limit",
    type=click.IntRange(1, 500),
    default=100,
    show_default=True,
    help="Maximum number of entries.",
)
offset_option = click.option(
    "--offset",
    type=click.IntRange(0),
    default=0,
    show_default=True,
    help="Number of entries to skip.",
)
body_file_option = click.option(
    "--file",
    "body_file",
    type=click.File("rb"),
    help="JSON file with the admin API body, - for stdin. Options override it.",
)


def pagination_options(command: Any) -> Any:
    """Add --limit and --offset to a command."""
    return limit_option(offset_option(command))


def to_page(limit: int, offset: int) -> Page:
    """Return the page selected by --limit and --offset."""
    return Page(limit, offset)


def read_body(file: Any | None) -> dict[str, Any]:
    """Return the JSON object in a file, or an empty one if there is no file."""
    return parse_object(file.read()) if file else {}


class JsonObjectParam(click.ParamType):  # type: ignore[type-arg]
    """A parameter that is a JSON object."""

    name = "json"

    def convert(self, value: Any, param: Any, ctx: Any) -> Any:
        """Parse it as strictly as a request body, or fail with a usage error."""
        try:
            data = str(value).encode("utf-8", "surrogateescape")
            return parse_object(data) if isinstance(value, str) else value
        except ApiError as problem:
            expected = problem.details[0]
            location = f"{expected.path}: " if expected.path else ""
            self.fail(f"{value!r}: {location}{expected.message}", param, ctx)


def without_unset(**members: Any) -> dict[str, Any]:
    """Return the given options: leave out None and empty tuples.

    The tuple of a repeatable option becomes a list, as in JSON.
    """
    return {
        name: list(value) if isinstance(value, tuple) else value
        for name, value in members.items()
        if value not in (None, ())
    }
