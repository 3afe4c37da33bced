"""Errors that end a request, independent of the dialect that renders them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal, TypeAlias

Target: TypeAlias = Literal["body", "query", "path", "header"]

NO_HEADERS: Mapping[str, str] = MappingProxyType({})
MAX_DETAILS = 100
MAX_NAME_LENGTH = 128


@dataclass(frozen=True, slots=True)
class ErrorDetail:
    """One invalid field: what was expected, where, and in which part of the request.

    `path` is dotted, with indexes for lists (`items.3.name`); it is empty if the detail
    concerns the part as a whole.
    """

    message: str
    path: str
    target: Target


class ApiError(Exception):
    """An error response; raise it anywhere below a view.

    `code` is stable and upper case, `message` is for people (`docs/api-contracts.md`
    0.3).
    """

    def __init__(
        self,
        status: int,
        code: str,
        message: str,
        details: Sequence[ErrorDetail] = (),
        headers: Mapping[str, str] = NO_HEADERS,
    ) -> None:
        super().__init__(status, code, message)
        self.status = status
        self.code = code
        self.message = message
        self.details = tuple(details)
        self.headers = headers


def serialize_error_detail(detail: ErrorDetail) -> dict[str, str]:
    """Return one entry of `details[]`, the same in every dialect.

    See `docs/api-contracts.md` 3.1.
    """
    return {"message": detail.message, "path": detail.path, "target": detail.target}


def validation_error(details: Sequence[ErrorDetail]) -> ApiError:
    """Return the 400 for invalid fields: its text names the first, `details` all."""
    first, remaining_count = details[0], len(details) - 1
    prefix = f"{first.path}: " if first.path else ""
    suffix = f" (and {remaining_count} more)" if remaining_count else ""
    text = f"Invalid {first.target}: {prefix}{first.message}{suffix}"
    return ApiError(
        400, "VALIDATION_ERROR", message=text, details=details[:MAX_DETAILS]
    )


def truncate_for_display(name: str) -> str:
    """Return text of a caller, truncated so that an error body stays small."""
    truncated = name if len(name) <= MAX_NAME_LENGTH else name[:MAX_NAME_LENGTH] + "…"
    return truncated.encode("utf-8", "replace").decode("utf-8")
