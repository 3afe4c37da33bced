"""A small gateway that knows no coupons, to try the shared Flask on."""

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
from coupon_core.web.app_factory import create_app as create
from coupon_core.web.blueprint import JsonBlueprint, limit_body
from coupon_core.web.dialects import Dialect
from coupon_core.web.request_body import read_body, read_object, read_optional_object
from coupon_core.web.responses import json_response

SECRET = "s3cret-SAVE10"


class Reason(Enum):
    """Why the demo refuses."""

    EXPIRED = 1
    FORGOTTEN = 2


class DatabaseGone(Exception):
    """What a database driver would raise."""


class Part(StrictSchema):
    """A nested object."""

    count = StrictInteger(min_value=1, max_value=10, required=True)


class Thing(StrictSchema):
    """A body with every kind of field."""

    name = StrictString(max_length=10, required=True)
    kind = ChoiceField("big", "small", load_default="big")
    on = StrictBoolean(load_default=True)
    at = UtcDateTime(allow_none=True)
    parts = StrictList(fields.Nested(Part), max_length=3)
    user_id = UserIdField()


class Note(LenientSchema):
    """An optional body."""

    allow_empty_body = True
    text = StrictString()


things = JsonBlueprint("things", __name__, url_prefix="/v1", description="Things")


@things.before_request
def authenticate() -> None:
    """Want a credential, as the gateways do in their own way."""
    if request.headers.get("Authorization") == "bad":
        challenge = {"WWW-Authenticate": "Bearer"}
        raise ApiError(401, "AUTH_001", "Invalid signature", headers=challenge)


@things.route("/things", methods=["GET"])
@things.arguments(PageQuerySchema, location="query")
@things.response(200, example={"limit": 100, "offset": 0})
def list_things(page: dict[str, Any]) -> Response:
    """List things."""
    return json_response(page)


@things.route("/things", methods=["POST"])
@things.arguments(Thing)
@things.response(201, Thing, example={"name": "a"})
def create_thing(thing: dict[str, Any]) -> Response:
    """Create a thing."""
    return json_response(Thing().dump(thing), 201)


@things.route("/things/<thing_id>")
@things.response(200, example={"id": "a"})
def one_thing(thing_id: str) -> dict[str, str]:
    """Show a thing."""
    return {"id": thing_id}


@things.route("/notes", methods=["POST"])
@things.arguments(Note, required=False)
@things.response(200, Note, example={"text": "a"})
def note(note: dict[str, Any]) -> Response:
    """Take a note, or none."""
    return json_response(note)


@things.route("/echo", methods=["POST"])
@things.response(200, example={})
def echo() -> Response:
    """Read a body by hand, twice."""
    assert read_body(request) == read_body(request)
    return json_response(read_object(request))


@things.route("/optional", methods=["POST"])
@things.response(200, example={})
def optional() -> Response:
    """Read a body by hand, or none."""
    return json_response(read_optional_object(request))


@things.route("/bulk", methods=["POST"])
@things.response(200, example={"size": 1})
@limit_body(200_000)
def bulk() -> Response:
    """Read more than the other routes do."""
    read_object(request)
    return json_response({"size": len(read_body(request))})


@things.route("/fail/<how>")
@things.response(200)
def fail(how: str) -> Response:
    """Fail in the way that is named."""
    raise FAILURES[how]


FAILURES = {
    "expired": Refused(Reason.EXPIRED),
    "detailed": Refused(Reason.EXPIRED, "Coupon of yesterday"),
    "forgotten": Refused(Reason.FORGOTTEN),
    "gone": DatabaseGone(SECRET),
    "bug": ValueError(SECRET),
    "deep": RecursionError(SECRET),
}


def build_other_dialect_body(problem: ApiError, request_id: str) -> dict[str, Any]:
    """Another dialect's error body."""
    return {"error": {"type": problem.code, "message": problem.message}}


other_dialect_blueprint = JsonBlueprint("others", __name__, url_prefix="/api/v1")


@other_dialect_blueprint.route("/fail/<how>")
@other_dialect_blueprint.response(200)
def fail_otherwise(how: str) -> Response:
    """Fail in another dialect."""
    raise FAILURES[how]


def fail_check() -> str:
    """Be a check that fails."""
    raise ConnectionError(SECRET)


def create_app(**changes: Any) -> Flask:
    """The demo gateway, with some of its options changed."""
    options: dict[str, Any] = {
        "title": "Demo <gateway>",
        "description": "For the tests.",
        "blueprints": [things, other_dialect_blueprint],
        "refusals": {Reason.EXPIRED: (400, "EXPIRED", "Coupon has expired")},
        "dialects": [
            Dialect(
                "/api",
                build_other_dialect_body,
                {Reason.EXPIRED: (404, "CouponExpired", "Too late")},
            )
        ],
        "ready_checks": {
            "database": lambda: "connected",
            "message_queue": lambda: "connected",
        },
        "unavailable_errors": (DatabaseGone,),
        "security_schemes": {"token": {"type": "http", "scheme": "bearer"}},
    }
    return create(__name__, **{**options, **changes})
