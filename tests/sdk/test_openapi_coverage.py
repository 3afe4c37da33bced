"""The SDK against the OpenAPI documents: operations, parameters, members and types."""

from __future__ import annotations

import dataclasses
import inspect
import typing
from collections.abc import Iterator, Mapping
from types import UnionType
from typing import Any

import pytest

import coupons_sdk
from coupons_sdk.admin.client import parse_generated
from coupons_sdk.documents import Document, to_member_name
from coupons_sdk.models.inventory import Batch, GeneratedCoupons
from coupons_sdk.pages import AsyncPages, PageCall, Pages
from coupons_sdk.requests import Omit, parse_nothing
from coupons_sdk.streams import AsyncCsvStream, CsvStream
from tests.sdk.methods import SdkMethod, list_methods
from tests.sdk.openapi import (
    Schema,
    find_operation,
    list_expected_operations,
    read_schema,
)

# Inputs that the methods have under another name, or that pages use.
POSITION = {"offset", "cursor", "next"}
RENAMED = {
    "metadata.KEY": "metadata",
    "from": "from_",
    ("reports.compare", "campaign_id"): "campaign_ids",
    ("generate_from_csv", "user_ids"): "source",
    ("generate_from_csv", "count"): "source",
    ("generate_from_csv", "metadata"): "source",
    ("creators.create_from_csv", "creators"): "source",
}
# Parameters of the CSV form of an operation, which has a method of its own.
CSV_FORM = {"generate": "generate_from_csv", "creators.create_all": "create_from_csv"}
SCALARS = {
    **{"integer": "int", "number": "float", "boolean": "bool"},
    **{"string": "str", "null": "None"},
}
PAGE_MEMBERS = {"total", "next", "has_more"}
GENERATED = [GeneratedCoupons, Batch]
COMPARED: set[tuple[type[Document], int]] = set()
METHODS = list_methods()
IDS = [f"{method.client}: {method.name}" for method in METHODS]


@pytest.mark.parametrize("api", ["admin", "query"])
def test_every_operation_has_a_method_or_a_reason(api: str) -> None:
    covered = {
        find_operation(api, call.method, f"/{call.path}").operation_id
        for method in METHODS
        if method.api == api
        for call, _ in [method.describe()]
    }
    assert covered == list_expected_operations(api)


@pytest.mark.parametrize("method", METHODS, ids=IDS)
def test_an_answer_has_every_documented_member_in_its_type(method: SdkMethod) -> None:
    call, parse = method.describe()
    operation = find_operation(method.api, call.method, f"/{call.path}")
    answers = [read_schema(method.api, item) for item in operation.list_answers()]
    if call.accept == "text/csv":
        return
    if isinstance(parse, PageCall):
        (schema,) = answers
        assert schema["properties"].keys() <= {parse.member, *PAGE_MEMBERS}
        items = schema["properties"][parse.member]["items"]
        compare(method.api, parse.kind, read_schema(method.api, items))
    elif parse is parse_nothing:
        assert answers == []
    else:
        classes = GENERATED if parse is parse_generated else [parse.__self__]
        for schema, kind in zip(answers, classes * len(answers), strict=False):
            compare(method.api, kind, schema)


def compare(api: str, kind: type[Document], schema: Schema) -> None:
    """Fail unless a class has the members of a schema, and no others."""
    hints = typing.get_type_hints(kind)
    required = schema.get("required", [])
    documented = {
        name: (name in required, describe_type(api, member))
        for name, member in schema["properties"].items()
    }
    known = {
        to_member_name(field.name): (
            field.default is dataclasses.MISSING,
            describe_hint(hints[field.name]),
        )
        for field in dataclasses.fields(kind)
    }
    # What an answer may leave out is None in Python.
    typed = {
        name: (is_required, types if is_required else types | {"None"})
        for name, (is_required, types) in documented.items()
    }
    assert known == typed, kind.__name__
    for name, member in schema["properties"].items():
        for nested, nested_schema in find_nested(api, hints[name_of(name)], member):
            if (nested, id(nested_schema)) not in COMPARED:
                COMPARED.add((nested, id(nested_schema)))
                compare(api, nested, nested_schema)


def name_of(member: str) -> str:
    """Return the field of a member."""
    return "from_" if member == "from" else member


def list_parts(api: str, schema: Schema) -> list[Schema]:
    """Return the alternatives of a schema, without references."""
    schema = read_schema(api, schema)
    for key in "allOf", "anyOf":
        if key in schema:
            return [part for item in schema[key] for part in list_parts(api, item)]
    kinds = schema.get("type", "string")
    if isinstance(kinds, list):
        return [{**schema, "type": kind} for kind in kinds]
    return [schema]


def describe_type(api: str, schema: Schema) -> set[str]:
    """Return the Python types of a schema's values."""
    return {describe_part(api, part) for part in list_parts(api, schema)}


def describe_part(api: str, schema: Schema) -> str:
    """Return the Python type of one alternative."""
    kind = schema.get("type", "string")
    if kind == "array":
        return f"tuple of {sorted(describe_type(api, schema['items']))}"
    if kind == "object":
        return "Document" if "properties" in schema else "Mapping"
    if kind == "string" and schema.get("format") == "date-time":
        return "datetime"
    return SCALARS[kind]


def describe_hint(hint: Any) -> set[str]:
    """Return the same of a type hint."""
    if isinstance(hint, UnionType):
        return {text for item in typing.get_args(hint) for text in describe_hint(item)}
    if typing.get_origin(hint) is tuple:
        return {f"tuple of {sorted(describe_hint(typing.get_args(hint)[0]))}"}
    if typing.get_origin(hint) is Mapping:
        return {"Mapping"}
    if hint is type(None):
        return {"None"}
    return {"Document" if issubclass(hint, Document) else hint.__name__}


def find_nested(
    api: str, hint: Any, schema: Schema
) -> Iterator[tuple[type[Document], Schema]]:
    """Yield the classes in a hint with their schemas."""
    if isinstance(hint, UnionType):
        hint = next(item for item in typing.get_args(hint) if item is not type(None))
    parts = [part for part in list_parts(api, schema) if part.get("type") != "null"]
    if typing.get_origin(hint) is tuple:
        yield from find_nested(api, typing.get_args(hint)[0], parts[0]["items"])
    elif isinstance(hint, type) and issubclass(hint, Document):
        yield hint, parts[0]


@pytest.mark.parametrize("method", METHODS, ids=IDS)
def test_a_method_has_every_input_of_its_operation(method: SdkMethod) -> None:
    call, _ = method.describe()
    operation = find_operation(method.api, call.method, f"/{call.path}")
    given = list_inputs(method)
    if "body" in given:
        return
    documented = {
        RENAMED.get((method.name, name), RENAMED.get(name, name))
        for name in operation.list_inputs() - POSITION
    }
    csv_form = {"ignore_columns", "expires_at", "campaign_id"}
    optional = csv_form if method.name in CSV_FORM else set()
    assert documented - optional <= given


def list_inputs(method: SdkMethod) -> set[str]:
    """Return the names of a method's parameters, also of typed keyword arguments."""
    names = set()
    for name, parameter in method.parameters.items():
        if parameter.kind is not parameter.VAR_KEYWORD:
            names.add(name)
            continue
        hint = typing.get_type_hints(method.method.describe)[name]
        typed = typing.get_args(hint)  # Unpack[a TypedDict]
        names |= typed[0].__annotations__.keys() if typed else {"body"}
    return names


def list_public_docstrings() -> Iterator[tuple[str, str]]:
    """Yield what programs name or get, besides the methods that send a request."""
    named = {getattr(coupons_sdk, name) for name in coupons_sdk.__all__}
    classes = {kind for kind in named if inspect.isclass(kind)}
    returned = {Pages, AsyncPages, CsvStream, AsyncCsvStream}
    for kind in (
        {item for item in named if inspect.isfunction(item)}
        | returned
        | {kind for kind in classes if not issubclass(kind, Document | Omit)}
    ):
        yield kind.__name__, inspect.getdoc(kind) or ""
        for name, member in inspect.getmembers(kind, inspect.isfunction):
            # A credential's `build_headers` is called by the clients.
            if not name.startswith("_") and name != "build_headers":
                yield f"{kind.__name__}.{name}", inspect.getdoc(member) or ""


def test_everything_that_is_public_has_an_example() -> None:
    assert {
        name for name, text in list_public_docstrings() if ">>>" not in text
    } == set()


def test_every_method_has_an_example() -> None:
    without = {
        found.name
        for found in METHODS
        if ">>>" not in (found.method.describe.__doc__ or "")
    }
    assert without == set()
