"""Options that commands share, read by the very fields that read HTTP requests."""

from typing import Any

import rich_click as click
from marshmallow import ValidationError, fields

from coupon_core.domain.models import Page
from coupon_core.schemas.codes import CodeField
from coupon_core.schemas.errors import ApiError
from coupon_core.schemas.fields import UtcDateTime
from coupon_core.schemas.identifiers import TenantIdField, UserIdField, UuidField
from coupon_core.schemas.strict_json import parse_object


class FieldParam(click.ParamType):
    """A value that one of the HTTP schemas' fields reads."""

    def __init__(self, name: str, field: fields.Field[Any]) -> None:
        self.name = name
        self.field = field

    def convert(self, value: Any, param: Any, ctx: Any) -> Any:
        """The value, or a usage error that says what was expected."""
        try:
            return self.field.deserialize(value) if isinstance(value, str) else value
        except ValidationError as error:
            expectations = dict.fromkeys(map(str, error.messages))  # each once
            text = " ".join(expectations)
            names_value = text.startswith(f'"{value}"')
            self.fail(text if names_value else f"{value!r}: {text}", param, ctx)


CLI_ACTOR = "couponctl"
"""Who did it, when a command does it."""

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
    help="Whose: the tenant's id.",
)
limit_option = click.option(
    "--limit", type=click.IntRange(1, 500), default=100, help="Most entries shown."
)
offset_option = click.option(
    "--offset", type=click.IntRange(0), default=0, help="Entries skipped before."
)
body_file_option = click.option(
    "--file",
    "body_file",
    type=click.File("rb"),
    help="A JSON file with the body as HTTP takes it, - for stdin; options win.",
)


def pagination_options(command: Any) -> Any:
    """Give a command --limit and --offset."""
    return limit_option(offset_option(command))


def to_page(limit: int, offset: int) -> Page:
    """The page that --limit and --offset ask for."""
    return Page(limit, offset)


def read_body(file: Any | None) -> dict[str, Any]:
    """The JSON object in a file, or none when there is no file."""
    return parse_object(file.read()) if file else {}


class JsonObjectParam(click.ParamType):
    """A JSON object on the command line."""

    name = "json"

    def convert(self, value: Any, param: Any, ctx: Any) -> Any:
        """The object, read as strictly as a request's body, or a usage error."""
        try:
            data = str(value).encode("utf-8", "surrogateescape")
            return parse_object(data) if isinstance(value, str) else value
        except ApiError as problem:
            expected = problem.details[0]
            location = f"{expected.path}: " if expected.path else ""
            self.fail(f"{value!r}: {location}{expected.message}", param, ctx)


def without_unset(**members: Any) -> dict[str, Any]:
    """The members that were given; what was left out is None or an empty tuple."""
    return {name: value for name, value in members.items() if value not in (None, ())}
