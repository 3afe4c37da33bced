"""Error formats of the dialects, selected by path prefix."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from coupon_core.schemas.errors import ApiError, serialize_error_detail

RefusalResponse: TypeAlias = tuple[int, str, str]
"""What a refusal becomes: status, code, text."""


ErrorRenderer: TypeAlias = Callable[[ApiError, str], Mapping[str, Any]]


def render_phoenix_error(api_error: ApiError, request_id: str) -> dict[str, Any]:
    """The Phoenix error body (CONTRACTS 0.3): both names carry the text."""
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
    """How a dialect's errors look in the OpenAPI document, unless as Phoenix's do."""

    name: str
    schema: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Dialect:
    """How one family of routes says no: everything under `prefix`.

    `refusals` maps a reason of the core to its status, code and text; `security` names
    the schemes of the OpenAPI document that its routes take, and no others do.
    """

    prefix: str
    render: ErrorRenderer = render_phoenix_error
    refusals: Mapping[Any, RefusalResponse] = field(default_factory=dict)
    security: tuple[str, ...] = ()
    errors: ErrorShape | None = None

    def has_path(self, path: str) -> bool:
        """Whether a path is in this family: `/api` covers `/api/x`, not `/apix`."""
        return path == self.prefix or path.startswith(self.prefix.rstrip("/") + "/")


def find_dialect(dialects: Sequence[Dialect], path: str) -> Dialect:
    """The dialect with the longest matching prefix; the last one covers the rest.

    `dialects` are sorted once, longest prefix first, by `sort_dialects`.
    """
    return next(
        (dialect for dialect in dialects if dialect.has_path(path)), dialects[-1]
    )


def sort_dialects(dialects: Sequence[Dialect]) -> tuple[Dialect, ...]:
    """Longest prefix first, so that the first match is the right one."""
    return tuple(
        sorted(dialects, key=lambda dialect: len(dialect.prefix), reverse=True)
    )
