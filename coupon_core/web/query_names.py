"""Refuse query parameters that the OpenAPI document of a route does not list.

A misspelt filter would otherwise be ignored, and an export would contain everything.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from flask import Flask, current_app, request

from coupon_core.domain.metadata import FILTER_PREFIX
from coupon_core.schemas.errors import ErrorDetail, validation_error
from coupon_core.schemas.metadata import FILTER_PARAMETER
from coupon_core.web.query_string import list_parameter_names

API_EXTENSION = "coupon.api"
_NAMES_EXTENSION = "coupon.query_names"
_replace_converters = re.compile("<(?:[^:<>]+:)?([^<>]+)>").sub

Operation = tuple[str, str]  # path and method, as in the document


def check_parameter_names() -> None:
    """Refuse a query parameter that the route of this request does not document.

    Routes that the document leaves out are not checked.

    Raises:
        ApiError: 400 with the name of each unknown parameter.
    """
    if not request.query_string or request.url_rule is None:
        return
    path = _replace_converters(r"{\1}", request.url_rule.rule)
    method = "get" if request.method == "HEAD" else request.method.lower()
    known_names = _load_known_names(current_app).get((path, method))
    if known_names is None:
        return
    unknown = dict.fromkeys(
        name
        for name in list_parameter_names(request.environ)
        if name not in known_names
        and not (FILTER_PARAMETER in known_names and name.startswith(FILTER_PREFIX))
    )
    if unknown:
        raise validation_error(
            [
                ErrorDetail(_describe_expected(known_names), name, target="query")
                for name in unknown
            ]
        )


def _describe_expected(known_names: frozenset[str]) -> str:
    if not known_names:
        return "unknown parameter; this route has none"
    return f"unknown parameter; expected one of: {', '.join(sorted(known_names))}"


def _load_known_names(app: Flask) -> Mapping[Operation, frozenset[str]]:
    if _NAMES_EXTENSION not in app.extensions:
        spec = app.extensions[API_EXTENSION].spec.to_dict()
        app.extensions[_NAMES_EXTENSION] = dict(_iterate_known_names(spec))
    names: Mapping[Operation, frozenset[str]] = app.extensions[_NAMES_EXTENSION]
    return names


def _iterate_known_names(
    spec: Mapping[str, Any],
) -> Iterator[tuple[Operation, frozenset[str]]]:
    for path, item in spec["paths"].items():
        shared = item.get("parameters", [])
        for method, operation in item.items():
            if method != "parameters":
                parameters = [*shared, *operation.get("parameters", [])]
                yield (
                    (path, method),
                    frozenset(
                        parameter["name"]
                        for parameter in parameters
                        if parameter.get("in") == "query"
                    ),
                )
