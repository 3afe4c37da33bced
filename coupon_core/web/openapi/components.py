"""Rules for all schemas of a document: integers, descriptions, unused components."""

import tomllib
from collections.abc import Iterator, Mapping
from functools import cache
from importlib import resources
from typing import Any

Json = dict[str, Any]

_PRUNED_KINDS = ("schemas", "responses", "parameters", "headers")
_DATA_KEYWORDS = frozenset({"example", "examples", "default", "enum", "const"})


@cache
def load_descriptions() -> Mapping[str, Any]:
    """Return the descriptions of members: common ones, and those of single schemas."""
    text = resources.files("coupon_core.schemas").joinpath("member_descriptions.toml")
    return tomllib.loads(text.read_text(encoding="utf-8"))


def complete_schemas(schemas: Mapping[str, Json]) -> None:
    """Complete named schemas in place: `format: int64`, and members' descriptions."""
    for name, schema in schemas.items():
        complete_schema(schema, name)


def complete_schema(node: Any, name: str = "") -> None:
    """Complete a schema, or anything that contains schemas, in place.

    Every integer of the APIs fits into 64 bits, so there is one format for all.
    """
    if isinstance(node, list):
        for item in node:
            complete_schema(item, name)
    elif isinstance(node, dict):
        if "integer" in (node.get("type"), *_get_types(node)):
            node.setdefault("format", "int64")
        properties = node.get("properties")
        if isinstance(properties, dict):
            node["properties"] = {
                member: _describe_member(schema, member, name)
                for member, schema in properties.items()
            }
            complete_schema([*node["properties"].values()], name)
        for keyword, value in node.items():
            if keyword not in _DATA_KEYWORDS and keyword != "properties":
                complete_schema(value, name)


def _get_types(node: Json) -> list[str]:
    types = node.get("type")
    return types if isinstance(types, list) else []


def get_description(member: str, schema_name: str = "") -> str | None:
    """Return the description of a member, or of a parameter, if there is one."""
    descriptions = load_descriptions()
    special = descriptions["schemas"].get(schema_name, {}).get(member)
    text: str | None = special or descriptions["members"].get(member)
    return text


def _describe_member(schema: Json, member: str, schema_name: str) -> Json:
    text = get_description(member, schema_name)
    if "description" in schema or text is None:
        return schema
    if "$ref" in schema:  # a sibling of $ref is ignored by many tools
        return {"allOf": [schema], "description": text}
    return {**schema, "description": text}


def remove_unused_components(document: Json) -> None:
    """Remove every component to which nothing refers any more."""
    components = document["components"]
    used = _find_used({key: document[key] for key in document.keys() - {"components"}})
    pending = set(used)
    while pending:
        kind, name = pending.pop()
        found = _find_used(components[kind][name]) - used
        used |= found
        pending |= found
    for kind in _PRUNED_KINDS:
        for name in [*components.get(kind, ())]:
            if (kind, name) not in used:
                del components[kind][name]


def _find_used(node: Any) -> set[tuple[str, str]]:
    return {
        (kind, name)
        for reference in _iterate_references(node)
        for _, _, kind, name in [reference.split("/")]
    }


def _iterate_references(node: Any) -> Iterator[str]:
    if isinstance(node, dict):
        if isinstance(node.get("$ref"), str):
            yield node["$ref"]
        node = [*node.values()]
    if isinstance(node, list):
        for item in node:
            yield from _iterate_references(item)
