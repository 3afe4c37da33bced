"""JSON Schemas of the messages, generated from their marshmallow schemas."""

import json
from functools import cache
from typing import Any

from apispec import APISpec
from apispec.ext.marshmallow import MarshmallowPlugin

from admin_gateway.asyncapi.messages import MESSAGES
from coupon_core.web.openapi.components import complete_schemas

JSON_SCHEMA_DRAFT_URL = "https://json-schema.org/draft/2020-12/schema"
COMPONENT_REFERENCE_PREFIX = "#/components/schemas/"
DEFINITION_REFERENCE_PREFIX = "#/$defs/"

Json = dict[str, Any]


@cache
def build_component_schemas() -> Json:
    """Return the schemas of all messages and their parts by name, with references."""
    spec = APISpec("messages", "1", "3.1.0", plugins=[MarshmallowPlugin()])
    for message in MESSAGES:
        spec.components.schema(message.name, schema=message.schema)
    schemas: Json = spec.to_dict()["components"]["schemas"]
    for message in MESSAGES:
        schemas[message.name]["description"] = message.schema.__doc__
    complete_schemas(schemas)
    return schemas


def build_standalone_schema(name: str, path: str) -> Json:
    """Return the schema of one message, including every schema it refers to."""
    return {
        "$schema": JSON_SCHEMA_DRAFT_URL,
        "$id": path,
        "title": name,
        **_build_definition(name),
        "$defs": {
            part: _build_definition(part) for part in sorted(_find_references(name))
        },
    }


def _build_definition(name: str) -> Json:
    text = json.dumps(build_component_schemas()[name])
    definition: Json = json.loads(
        text.replace(COMPONENT_REFERENCE_PREFIX, DEFINITION_REFERENCE_PREFIX)
    )
    return definition


def _find_references(name: str) -> set[str]:
    """Return the names of all schemas that a schema refers to, also indirectly."""
    text = json.dumps(build_component_schemas()[name])
    direct = {
        part
        for part in build_component_schemas()
        if f'"{COMPONENT_REFERENCE_PREFIX}{part}"' in text
    }
    return direct.union(*(_find_references(part) for part in direct))
