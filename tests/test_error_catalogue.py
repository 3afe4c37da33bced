"""`docs/errors.md` lists exactly the error codes that the gateways can answer."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterable, Mapping
from functools import cache
from http import HTTPStatus
from typing import Any, TypeAlias

import pytest

from admin_gateway.refusals import REFUSALS as ADMIN_REFUSALS
from coupon_core.schemas.errors import ApiError, ErrorDetail
from coupon_core.web.authentication import AUTH_REFUSALS
from coupon_core.web.dialects import RefusalResponse
from coupon_core.web.error_handlers import HTTP_ERRORS
from query_gateway.mambo.errors import (
    OAUTH_ERRORS_BY_STATUS,
    render_mambo_error,
    render_oauth_error,
)
from query_gateway.playcamp.responses import render_playcamp_error
from query_gateway.refusals import (
    MAMBO_REFUSALS,
    OAUTH_REFUSALS,
    PHOENIX_REFUSALS,
    PLAYCAMP_REFUSALS,
)
from tests.support.paths import PROJECT_ROOT

Error: TypeAlias = tuple[int, str]
GetCode: TypeAlias = Callable[[ApiError], str]

DOCUMENT = PROJECT_ROOT / "docs" / "errors.md"
DETAIL = ErrorDetail("expected something else", "member", "body")
_ROW_PATTERN = re.compile(r"^\| `(\w+)` \| (\d{3}) \|", re.MULTILINE)


@cache
def list_documented_errors(section: str) -> list[Error]:
    """Return the rows of a section of the document."""
    sections = re.split(r"^## ", DOCUMENT.read_text(), flags=re.MULTILINE)
    (text,) = (part for part in sections if part.partition("\n")[0] == section)
    return [(int(status), code) for code, status in _ROW_PATTERN.findall(text)]


@cache
def list_raised_errors(package: str) -> set[Error]:
    """Return status and code of each `ApiError` that a package creates of literals."""
    errors = set()
    for path in (PROJECT_ROOT / package).rglob("*.py"):
        text = path.read_text()
        for node in ast.walk(ast.parse(text)) if "ApiError(" in text else ():
            match node:
                case ast.Call(
                    ast.Name("ApiError"),
                    [ast.Constant(int(status)), ast.Constant(str(code)), *_],
                ):
                    errors.add((status, code))
    return errors


def to_errors(refusals: Mapping[Any, RefusalResponse]) -> set[Error]:
    return {(status, code) for status, code, _ in refusals.values()}


SHARED_ERRORS = {(status, code) for status, (code, _) in HTTP_ERRORS.items()} | (
    list_raised_errors("coupon_core")
)
AUTH_ERRORS = to_errors(AUTH_REFUSALS)


def render_codes(errors: Iterable[Error], get_code: GetCode) -> set[Error]:
    """Return what an API makes of errors, with and without details of fields."""
    return {
        (status, get_code(ApiError(status, code, "text", details)))
        for status, code in errors
        for details in ((), (DETAIL,))
    }


def get_playcamp_code(error: ApiError) -> str:
    return str(render_playcamp_error(error, "")["code"])


def get_mambo_type(error: ApiError) -> str:
    return str(render_mambo_error(error, "")["error"]["type"])


def get_oauth_error(error: ApiError) -> str:
    return str(render_oauth_error(error, "")["error"])


def list_admin_errors() -> set[Error]:
    raised_errors = list_raised_errors("admin_gateway")
    return (to_errors(ADMIN_REFUSALS) | raised_errors) - SHARED_ERRORS - AUTH_ERRORS


def list_phoenix_errors() -> set[Error]:
    raised_errors = list_raised_errors("query_gateway/phoenix")
    return (to_errors(PHOENIX_REFUSALS) | raised_errors) - SHARED_ERRORS - AUTH_ERRORS


def list_playcamp_errors() -> set[Error]:
    raised_errors = list_raised_errors("query_gateway/playcamp")
    errors = to_errors(PLAYCAMP_REFUSALS) | SHARED_ERRORS | raised_errors
    return render_codes(errors, get_playcamp_code)


def list_mambo_errors() -> set[Error]:
    raised_errors = {
        (status, code)
        for status, code in list_raised_errors("query_gateway/mambo")
        if code.endswith("Exception")
    }
    errors = to_errors(MAMBO_REFUSALS) | SHARED_ERRORS | raised_errors
    return render_codes(errors, get_mambo_type)


def list_oauth_errors() -> set[Error]:
    """Return the OAuth errors; the document sums up other 4xx in a sentence."""
    raised_errors = {
        (status, code)
        for status, code in list_raised_errors("query_gateway/mambo")
        if not code.endswith("Exception")
    }
    errors = to_errors(OAUTH_REFUSALS) | SHARED_ERRORS | raised_errors
    listed_statuses = {HTTPStatus.BAD_REQUEST, *OAUTH_ERRORS_BY_STATUS}
    rendered = render_codes(errors, get_oauth_error)
    assert {code for status, code in rendered if status not in listed_statuses} == {
        "invalid_request"
    }
    return {error for error in rendered if error[0] in listed_statuses}


ERRORS_BY_SECTION: Mapping[str, Callable[[], set[Error]]] = {
    "Every API": lambda: SHARED_ERRORS,
    "Authentication": lambda: AUTH_ERRORS,
    "Admin API": list_admin_errors,
    "Phoenix": list_phoenix_errors,
    "PlayCamp": list_playcamp_errors,
    "Mambo": list_mambo_errors,
    "Mambo OAuth": list_oauth_errors,
}


@pytest.mark.parametrize("section", ERRORS_BY_SECTION)
def test_the_document_lists_exactly_the_errors_of_the_code(section: str) -> None:
    documented_errors = list_documented_errors(section)
    assert sorted(documented_errors) == sorted(ERRORS_BY_SECTION[section]())


def test_the_document_has_no_other_tables() -> None:
    row_count = sum(map(len, map(list_documented_errors, ERRORS_BY_SECTION)))
    assert len(_ROW_PATTERN.findall(DOCUMENT.read_text())) == row_count
