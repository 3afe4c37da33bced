"""A small gateway without coupons, to test the shared Flask layer."""

from enum import Enum
from typing import Any

from flask import Flask, Response, request
from marshmallow import fields

from coupon_core.domain.models import Refused
from coupon_core.schemas.base import LenientSchema, PageQuerySchema, StrictSchema
from coupon_core.schemas.errors import ApiError
from coupon_core.schemas.fields import (
    ChoiceField,
    StrictBoolean,
    StrictInteger,
    StrictList,
    StrictString,
    UtcDateTime,
)
from coupon_core.schemas.identifiers import UserIdField
from coupon_core.web import app_factory
from coupon_core.web.blueprint import JsonBlueprint, limit_body
from coupon_core.web.dialects import ErrorFormat
from coupon_core.web.request_body import read_body, read_object, read_optional_object
from coupon_core.web.responses import json_response

SECRET = "s3cret-SAVE10"


class Reason(Enum):
    """Reasons of the demo gateway to refuse."""

    EXPIRED = 1
    FORGOTTEN = 2


class DatabaseUnavailable(Exception):
    """Represents an error of a database driver."""


class PartSchema(StrictSchema):
    """A nested object."""

    count = StrictInteger(min_value=1, max_value=10, required=True)


class ThingSchema(StrictSchema):
    """A body with every kind of field."""

    name = StrictString(max_length=10, required=True)
    kind = ChoiceField("big", "small", load_default="big")
    on = StrictBoolean(load_default=True)
    at = UtcDateTime(allow_none=True)
    parts = StrictList(fields.Nested(PartSchema), max_length=3)
    user_id = UserIdField()


class NoteSchema(LenientSchema):
    """An optional body."""

    allow_empty_body = True
    text = StrictString()


things_blueprint = JsonBlueprint(
    "things", __name__, url_prefix="/v1", description="Things"
)


@things_blueprint.before_request
def authenticate() -> None:
    """Refuse a bad credential, as each gateway does in its own way."""
    if request.headers.get("Authorization") == "bad":
        challenge = {"WWW-Authenticate": "Bearer"}
        raise ApiError(401, "AUTH_001", message="Invalid signature", headers=challenge)


@things_blueprint.route("/things", methods=["GET"])
@things_blueprint.arguments(PageQuerySchema, location="query")
@things_blueprint.response(200, example={"limit": 100, "offset": 0})
def list_things(page: dict[str, Any]) -> Response:
    """List things."""
    return json_response(page)


@things_blueprint.route("/things", methods=["POST"])
@things_blueprint.arguments(ThingSchema)
@things_blueprint.response(201, ThingSchema, example={"name": "a"})
def create_thing(thing: dict[str, Any]) -> Response:
    """Create a thing."""
    return json_response(ThingSchema().dump(thing), 201)


@things_blueprint.route("/things/<thing_id>")
@things_blueprint.response(200, example={"id": "a"})
def get_thing(thing_id: str) -> dict[str, str]:
    """Show a thing."""
    return {"id": thing_id}


@things_blueprint.route("/notes", methods=["POST"])
@things_blueprint.arguments(NoteSchema, required=False)
@things_blueprint.response(200, NoteSchema, example={"text": "a"})
def create_note(note: dict[str, Any]) -> Response:
    """Create a note, with or without a body."""
    return json_response(note)


@things_blueprint.route("/echo", methods=["POST"])
@things_blueprint.response(200, example={})
def echo_body() -> Response:
    """Return the body, which the view reads twice."""
    assert read_body(request) == read_body(request)
    return json_response(read_object(request))


@things_blueprint.route("/optional", methods=["POST"])
@things_blueprint.response(200, example={})
def echo_optional_body() -> Response:
    """Return the body, or an empty object without one."""
    return json_response(read_optional_object(request))


@things_blueprint.route("/bulk", methods=["POST"])
@things_blueprint.response(200, example={"size": 1})
@limit_body(200_000)
def measure_body() -> Response:
    """Return the size of a body above the default limit."""
    read_object(request)
    return json_response({"size": len(read_body(request))})


@things_blueprint.route("/fail/<how>")
@things_blueprint.response(200)
def raise_failure(how: str) -> Response:
    """Raise the failure that the path names."""
    raise FAILURES[how]


FAILURES = {
    "expired": Refused(Reason.EXPIRED),
    "detailed": Refused(Reason.EXPIRED, "Coupon of yesterday"),
    "forgotten": Refused(Reason.FORGOTTEN),
    "gone": DatabaseUnavailable(SECRET),
    "bug": ValueError(SECRET),
    "deep": RecursionError(SECRET),
}


def build_other_dialect_body(api_error: ApiError, request_id: str) -> dict[str, Any]:
    """Return an error body of another dialect."""
    return {"error": {"type": api_error.code, "message": api_error.message}}


other_dialect_blueprint = JsonBlueprint("others", __name__, url_prefix="/api/v1")


@other_dialect_blueprint.route("/fail/<how>")
@other_dialect_blueprint.response(200)
def raise_failure_in_other_dialect(how: str) -> Response:
    """Raise the failure that the path names, in another dialect."""
    raise FAILURES[how]


def raise_from_check() -> str:
    """Raise an error, as a readiness check that fails."""
    raise ConnectionError(SECRET)


def create_app(**changes: Any) -> Flask:
    """Create the demo gateway; `changes` override its options."""
    options: dict[str, Any] = {
        "title": "Demo <gateway>",
        "description": "For the tests.",
        "blueprints": [things_blueprint, other_dialect_blueprint],
        "refusals": {Reason.EXPIRED: (400, "EXPIRED", "Coupon has expired")},
        "dialects": [
            ErrorFormat(
                "/api",
                build_other_dialect_body,
                refusals={Reason.EXPIRED: (404, "CouponExpired", "Too late")},
            )
        ],
        "ready_checks": {
            "database": lambda: "connected",
            "message_queue": lambda: "connected",
        },
        "unavailable_errors": (DatabaseUnavailable,),
        "security_schemes": {"token": {"type": "http", "scheme": "bearer"}},
    }
    return app_factory.create_app(__name__, **{**options, **changes})
