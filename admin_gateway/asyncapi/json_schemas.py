"""JSON Schemas of the messages, made from the classes that read them."""

import json
from functools import cache
from typing import Any

from apispec import APISpec
from apispec.ext.marshmallow import MarshmallowPlugin

from admin_gateway.asyncapi.messages import MESSAGES

DRAFT = "https://json-schema.org/draft/2020-12/schema"
SHARED, OWN = "#/components/schemas/", "#/$defs/"

Json = dict[str, Any]


@cache
def shared() -> Json:
    """Every message and every part of one by name, which refer to each other."""
    spec = APISpec("messages", "1", "3.1.0", plugins=[MarshmallowPlugin()])
    for message in MESSAGES:
        spec.components.schema(message.name, schema=message.schema)
    schemas: Json = spec.to_dict()["components"]["schemas"]
    for message in MESSAGES:
        schemas[message.name]["description"] = message.schema.__doc__
    return schemas


def whole(name: str, path: str) -> Json:
    """The schema of one message with all that it refers to."""
    text = json.dumps(shared()[name]).replace(SHARED, OWN)
    parts = {
        part: json.loads(json.dumps(shared()[part]).replace(SHARED, OWN))
        for part in sorted(_referred(name))
    }
    return {"$schema": DRAFT, "$id": path, "title": name, **json.loads(text)} | {
        "$defs": parts
    }


def _referred(name: str) -> set[str]:
    """What a schema refers to, itself or by others."""
    text = json.dumps(shared()[name])
    direct = {part for part in shared() if f'"{SHARED}{part}"' in text}
    return direct.union(*(_referred(part) for part in direct))
