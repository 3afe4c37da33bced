"""Routes that serve the AsyncAPI document and the JSON Schemas of messages."""

from functools import cache
from typing import cast

from flask import Blueprint, Flask, Response, abort, current_app

from admin_gateway.asyncapi import json_schemas
from admin_gateway.asyncapi.document import build_document
from admin_gateway.asyncapi.messages import MESSAGES
from coupon_core.json_encoding import encode_json
from coupon_core.web.responses import JSON_MEDIA_TYPE, json_response

blueprint = Blueprint("producers", __name__)
DOCUMENT_EXTENSION = "coupon.asyncapi"

MESSAGES_BY_SCHEMA_NAME = {
    f"{message.event_type}{message.suffix}": message for message in MESSAGES
}


@blueprint.get("/asyncapi.json")
def document() -> Response:
    """Return the AsyncAPI document of both exchanges."""
    render_document = current_app.extensions[DOCUMENT_EXTENSION]
    return Response(cast(bytes, render_document()), content_type=JSON_MEDIA_TYPE)


@blueprint.get("/schemas")
def index() -> Response:
    """Return the path of the JSON Schema of each message."""
    return json_response(
        {name: f"/schemas/{name}.json" for name in MESSAGES_BY_SCHEMA_NAME}
    )


@blueprint.get("/schemas/<name>.json")
def schema(name: str) -> Response:
    """Return the self-contained JSON Schema of one message."""
    if name not in MESSAGES_BY_SCHEMA_NAME:
        abort(404)
    body = json_schemas.build_standalone_schema(
        MESSAGES_BY_SCHEMA_NAME[name].name, f"/schemas/{name}.json"
    )
    return Response(encode_json(body), content_type="application/schema+json")


def describe_broker(app: Flask, broker_url: str, *, is_embedded: bool) -> None:
    """Set the broker that the AsyncAPI document of an app names."""

    @cache
    def render_document() -> bytes:
        return encode_json(build_document(broker_url, is_broker_embedded=is_embedded))

    app.extensions[DOCUMENT_EXTENSION] = render_document
