"""What those who write to the bus or read from it need to know, made from the code."""

from functools import cache

from flask import Blueprint, Response, abort

from admin_gateway.asyncapi import document as asyncapi
from admin_gateway.asyncapi import json_schemas
from admin_gateway.asyncapi.messages import MESSAGES
from coupon_core.json_encoding import json_bytes
from coupon_core.web.responses import JSON, json_response

pages = Blueprint("producers", __name__)

SCHEMAS = {f"{message.event_type}{message.suffix}": message for message in MESSAGES}


@pages.get("/asyncapi.json")
def document() -> Response:
    """The AsyncAPI document of both exchanges."""
    return Response(_document(), content_type=JSON)


@pages.get("/schemas")
def index() -> Response:
    """Where the JSON Schema of each message is."""
    return json_response({name: f"/schemas/{name}.json" for name in SCHEMAS})


@pages.get("/schemas/<name>.json")
def schema(name: str) -> Response:
    """The JSON Schema of one message, whole in itself."""
    if name not in SCHEMAS:
        abort(404)
    body = json_schemas.whole(SCHEMAS[name].name, f"/schemas/{name}.json")
    return Response(json_bytes(body), content_type="application/schema+json")


@cache
def _document() -> bytes:
    return json_bytes(asyncapi.document())
