"""Forms: parsed by the schemas of the API, with errors beside the fields."""

from collections.abc import Callable
from typing import Any, TypeVar

from flask import request
from marshmallow import Schema, ValidationError, fields
from werkzeug.datastructures import MultiDict

from admin_gateway.console.refusals import describe_refusal
from coupon_core.domain.models import Refused
from coupon_core.schemas.errors import ApiError
from coupon_core.schemas.fields import StrictQueryInteger
from coupon_core.schemas.query_lists import QueryList
from coupon_core.schemas.validation_errors import convert_validation_error

Result = TypeVar("Result")
MAX_INTEGER_DIGITS = 18


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
        """Return what was entered in a field, or the default of a new form."""
        return self.entered.get(name, "" if self.is_submitted else default)

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
            self._add_refusal(detail.path, detail.message)
        if not error.details:
            self.message = error.message


def read_form() -> Form:
    """Return the submitted form of the request."""
    return Form(request.form)


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
        return [text for text in entered.getlist(name) if text.strip()]
    if isinstance(field, QueryList):
        return ",".join(entered.getlist(name))
    text = entered.get(name, "").strip()
    if isinstance(field, fields.Boolean):
        return name in entered
    return _parse_number(field, text) if text else None


def _parse_number(field: fields.Field[Any], text: str) -> Any:
    """Return the integer of a field for integers; other text is left to the field."""
    is_number = text.isascii() and text.lstrip("-").isdecimal()
    is_short = len(text) <= MAX_INTEGER_DIGITS
    is_integer = isinstance(field, fields.Integer) and not isinstance(
        field, StrictQueryInteger
    )
    return int(text) if is_integer and is_number and is_short else text


def load_query(schema: Schema) -> tuple[dict[str, Any], Form]:
    """Return the filters in the URL, or none and a form that says what is wrong."""
    form = Form(request.args)
    filters = form.submit(schema, lambda loaded: loaded) or {}
    filters.pop("page", None)  # tables choose their pages themselves
    return filters, form
