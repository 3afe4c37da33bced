"""Forms: parsed by the schemas of the API, with errors beside the fields."""

import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any, TypeVar

from flask import request
from marshmallow import Schema, ValidationError, fields
from werkzeug.datastructures import MultiDict

from admin_gateway.console.entered_texts import parse_text
from admin_gateway.console.field_errors import describe_error
from admin_gateway.console.refusals import describe_refusal
from admin_gateway.requests.localized_fields import LocalizedTextField
from coupon_core.domain.models import Refused
from coupon_core.schemas.errors import ApiError
from coupon_core.schemas.query_lists import QueryList
from coupon_core.schemas.strict_json import parse_object
from coupon_core.schemas.validation_errors import convert_validation_error

Result = TypeVar("Result")
MAX_OBJECTS = 100  # of a list; more than any schema allows


class Form:
    """What was entered, and what is wrong with it.

    `errors` are the messages by the name of the field; `message` is about the whole.
    """

    def __init__(self, entered: "MultiDict[str, str] | None" = None) -> None:
        self.entered: MultiDict[str, str] = entered or MultiDict()
        self.errors: dict[str, str] = {}
        self.message = ""
        self.is_submitted = entered is not None

    def value(self, name: str, default: str = "") -> str:
        """Return what was entered in a field, or the default of a new form.

        No schema checks it, so NUL, which PostgreSQL does not store, is replaced.
        """
        text = self.entered.get(name, "" if self.is_submitted else default)
        return text.replace("\0", "\N{REPLACEMENT CHARACTER}")

    def is_checked(self, name: str, value: str, default: bool = False) -> bool:
        """Return True if a box is ticked; by `default` in a new form."""
        return value in self.entered.getlist(name) if self.is_submitted else default

    def run(self, action: Callable[[], Result]) -> Result | None:
        """Return the result of an action, or None if the form has to be shown again."""
        try:
            return action()
        except ValidationError as error:
            self._add_details(convert_validation_error(error))
        except ApiError as error:
            self._add_details(error)
        except Refused as refused:
            self._add_refusal(*describe_refusal(refused))
        return None

    def submit(
        self, schema: Schema, action: Callable[[dict[str, Any]], Result]
    ) -> Result | None:
        """Call an action with the loaded fields, as `run` does."""
        return self.run(lambda: action(schema.load(read_fields(schema, self.entered))))

    def _add_refusal(self, field: str, text: str) -> None:
        if field:
            self.errors[field] = text
        else:
            self.message = text

    def _add_details(self, error: ApiError) -> None:
        for detail in error.details:
            # The items of a list have one field, for example a line each.
            field, dot, last = detail.path.rpartition(".")
            is_item = bool(dot) and last.isdecimal()
            text = describe_error(detail.message)
            self._add_refusal(field if is_item else detail.path, text)
        if not error.details:
            self.message = error.message


def read_form() -> Form:
    """Return the submitted form of the request; browsers end lines with CR and LF."""
    pairs = request.form.items(multi=True)
    return Form(MultiDict([(name, text.replace("\r\n", "\n")) for name, text in pairs]))


def read_fields(
    schema: Schema, entered: "MultiDict[str, str]", prefix: str = ""
) -> dict[str, Any]:
    """Return what was entered as the JSON that the API would receive.

    Empty fields are absent. The name of a nested field is its path, with dots.
    """
    names = ((one.data_key or name, one) for name, one in schema.fields.items())
    values = {name: _read_field(one, entered, f"{prefix}{name}") for name, one in names}
    return {
        name: value for name, value in values.items() if value not in (None, {}, [], "")
    }


def _read_field(
    field: fields.Field[Any], entered: "MultiDict[str, str]", name: str
) -> Any:
    if isinstance(field, fields.Nested):
        return read_fields(field.schema, entered, f"{name}.")
    if isinstance(field, fields.List):
        return _read_list(field, entered, name)
    if isinstance(field, fields.Dict):
        return _read_object(entered, name)
    if isinstance(field, QueryList):
        return ",".join(entered.getlist(name))
    text = entered.get(name, "").strip()
    if isinstance(field, fields.Boolean):
        return name in entered
    return parse_text(field, text) if text else None


def _read_list(
    field: fields.List[Any], entered: "MultiDict[str, str]", name: str
) -> list[Any]:
    """Return the lines of all fields of a name, or the objects `NAME.0`, `NAME.1`, …

    Objects without any value are left out at the end, not in between.
    """
    inner = field.inner
    if not isinstance(inner, fields.Nested):
        lines = (line for text in entered.getlist(name) for line in text.splitlines())
        return [line.strip() for line in lines if line.strip()]
    prefix = f"{name}."
    parts = (
        key[len(prefix) :].split(".")[0] for key in entered if key.startswith(prefix)
    )
    count = len({part for part in parts if part.isdecimal()})
    objects = [
        read_fields(inner.schema, entered, f"{name}.{position}.")
        for position in range(min(count, MAX_OBJECTS))
    ]
    while objects and not objects[-1]:
        objects.pop()
    return objects


def _read_object(entered: "MultiDict[str, str]", name: str) -> Any:
    """Return the texts of the fields `NAME.KEY`, or the JSON object in a field."""
    texts = {
        key.removeprefix(f"{name}."): text.strip()
        for key, text in entered.items()
        if key.startswith(f"{name}.") and text.strip()
    }
    text = entered.get(name, "").strip()
    if texts or not text:
        return texts
    try:
        return parse_object(text.encode("utf-8", "replace"))
    except ApiError as error:
        # Says where the text is wrong, which the field cannot.
        raise ValidationError({name: [error.details[0].message]}) from error


def fill_form(schema: Schema, members: Mapping[str, Any]) -> Form:
    """Return a form with the members of an object, to change them.

    It is what `read_fields` reads back; `members` have the names of the object.
    """
    return Form(MultiDict(_list_entries(schema, members, "")))


def _list_entries(
    schema: Schema, members: Mapping[str, Any], prefix: str
) -> Iterator[tuple[str, str]]:
    for name, field in schema.fields.items():
        value = members.get(field.attribute or name)
        if value is not None and value is not False and value != "":
            yield from _format_entries(
                field, value, f"{prefix}{field.data_key or name}"
            )


def _format_entries(
    field: fields.Field[Any], value: Any, name: str
) -> Iterator[tuple[str, str]]:
    if isinstance(field, fields.Nested):
        yield from _list_entries(field.schema, value, f"{name}.")
    elif isinstance(field, fields.List):
        for position, item in enumerate(value):
            is_object = isinstance(field.inner, fields.Nested)
            item_name = f"{name}.{position}" if is_object else name
            yield from _format_entries(field.inner, item, item_name)
    elif isinstance(field, LocalizedTextField):
        yield from ((f"{name}.{locale}", text) for locale, text in value.items())
    elif isinstance(field, fields.Dict):
        yield name, json.dumps(value, indent=2, ensure_ascii=False, default=str)
    else:
        yield name, str(value)


def load_query(schema: Schema) -> tuple[dict[str, Any], Form]:
    """Return the filters in the URL, or none and a form that says what is wrong."""
    form = Form(request.args)
    filters = form.submit(schema, lambda loaded: loaded) or {}
    filters.pop("page", None)  # tables choose their pages themselves
    return filters, form
