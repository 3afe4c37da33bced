"""Error formats of the dialects, selected by path prefix."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from flask import Response

from coupon_core.schemas.errors import ApiError, serialize_error_detail

RefusalResponse: TypeAlias = tuple[int, str, str]
"""The response to a refusal: status, code, text."""


ErrorRenderer: TypeAlias = Callable[[ApiError, str], Mapping[str, Any]]
ErrorResponder: TypeAlias = Callable[[ApiError, str], Response]


def render_phoenix_error(api_error: ApiError, request_id: str) -> dict[str, Any]:
    """Return the Phoenix error body, which carries the text twice.

    See `docs/api-contracts.md` 0.3.
    """
    body: dict[str, Any] = {
        "error": api_error.message,
        "message": api_error.message,
        "code": api_error.code,
        "request_id": request_id,
    }
    if api_error.details:
        body["details"] = [
            serialize_error_detail(detail) for detail in api_error.details
        ]
    return body


@dataclass(frozen=True, slots=True)
class ErrorShape:
    """The errors of an API in OpenAPI: names, codes and schema.

    `name` is the component of the body and ends in "Error"; `{name}Code` is the one of
    its codes, which are those of `api` in `error_catalogue`. Without `schema`, the body
    is that of Phoenix.
    """

    name: str
    api: str
    schema: Mapping[str, Any] | None = None


PHOENIX_ERRORS = ErrorShape("Error", api="phoenix")


@dataclass(frozen=True, slots=True)
class ErrorFormat:
    """The error format and refusals of all routes under `prefix`.

    `refusals` maps a reason of the core to status, code and text. `security` names the
    OpenAPI security schemes that these routes accept and other routes do not. `access`
    says in the OpenAPI document what these routes require of their caller. Where errors
    are not JSON, `respond` returns the whole response.
    """

    prefix: str
    render: ErrorRenderer = render_phoenix_error
    refusals: Mapping[Any, RefusalResponse] = field(default_factory=dict)
    security: tuple[str, ...] = ()
    errors: ErrorShape = PHOENIX_ERRORS
    access: str = ""
    respond: ErrorResponder | None = None

    def has_path(self, path: str) -> bool:
        """Return True if a path is under the prefix: `/api/x` is under `/api`.

        `/apix` is not.
        """
        return path == self.prefix or path.startswith(self.prefix.rstrip("/") + "/")


def find_dialect(dialects: Sequence[ErrorFormat], path: str) -> ErrorFormat:
    """Return the dialect with the longest matching prefix; the last is the fallback.

    `dialects` must be sorted by `sort_dialects`.
    """
    return next(
        (dialect for dialect in dialects if dialect.has_path(path)), dialects[-1]
    )


def sort_dialects(dialects: Sequence[ErrorFormat]) -> tuple[ErrorFormat, ...]:
    """Return the dialects with the longest prefix first, as `find_dialect` needs."""
    return tuple(
        sorted(dialects, key=lambda dialect: len(dialect.prefix), reverse=True)
    )
