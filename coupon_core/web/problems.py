"""What can go wrong at the edge, and how a dialect puts it into words."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Literal, TypeAlias

Target: TypeAlias = Literal["body", "query", "path", "header"]
Row: TypeAlias = tuple[int, str, str]
"""What a refusal becomes: status, code, text."""

NO_HEADERS: Mapping[str, str] = MappingProxyType({})
MOST_DETAILS = 100
LONGEST_NAME = 128


@dataclass(frozen=True, slots=True)
class Detail:
    """One thing wrong with one field: what was expected, where, in which part.

    `path` is dotted, with indexes for lists (`items.3.name`); empty means the whole.
    """

    message: str
    path: str
    target: Target


class Problem(Exception):
    """A request that is refused: raise it anywhere below a view.

    `code` is stable and upper-case, `message` is for people (CONTRACTS 0.3).
    """

    def __init__(
        self,
        status: int,
        code: str,
        message: str,
        details: Sequence[Detail] = (),
        headers: Mapping[str, str] = NO_HEADERS,
    ) -> None:
        super().__init__(status, code, message)
        self.status = status
        self.code = code
        self.message = message
        self.details = tuple(details)
        self.headers = headers


Renderer: TypeAlias = Callable[[Problem, str], Mapping[str, Any]]


def render_phoenix(problem: Problem, request_id: str) -> dict[str, Any]:
    """The Phoenix error body (CONTRACTS 0.3): both names carry the text."""
    body: dict[str, Any] = {
        "error": problem.message,
        "message": problem.message,
        "code": problem.code,
        "request_id": request_id,
    }
    if problem.details:
        body["details"] = [rendered(detail) for detail in problem.details]
    return body


def rendered(detail: Detail) -> dict[str, str]:
    """One entry of `details[]`, the same in every dialect (CONTRACTS 3.1)."""
    return {"message": detail.message, "path": detail.path, "target": detail.target}


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
    render: Renderer = render_phoenix
    refusals: Mapping[Any, Row] = field(default_factory=dict)
    security: tuple[str, ...] = ()
    errors: ErrorShape | None = None

    def covers(self, path: str) -> bool:
        """Whether a path is in this family: `/api` covers `/api/x`, not `/apix`."""
        return path == self.prefix or path.startswith(self.prefix.rstrip("/") + "/")


def dialect_of(dialects: Sequence[Dialect], path: str) -> Dialect:
    """The dialect with the longest matching prefix; the last one covers the rest.

    `dialects` are sorted once, longest prefix first, by `sorted_dialects`.
    """
    return next((one for one in dialects if one.covers(path)), dialects[-1])


def sorted_dialects(dialects: Sequence[Dialect]) -> tuple[Dialect, ...]:
    """Longest prefix first, so that the first match is the right one."""
    return tuple(sorted(dialects, key=lambda one: len(one.prefix), reverse=True))


def invalid(details: Sequence[Detail]) -> Problem:
    """The 400 for fields that are wrong: names the first, lists them all."""
    first, more = details[0], len(details) - 1
    where = f"{first.path}: " if first.path else ""
    also = f" (and {more} more)" if more else ""
    text = f"Invalid {first.target}: {where}{first.message}{also}"
    return Problem(400, "VALIDATION_ERROR", text, details[:MOST_DETAILS])


def shown(name: str) -> str:
    """A caller's own text, cut so that an error body stays small."""
    cut = name if len(name) <= LONGEST_NAME else name[:LONGEST_NAME] + "…"
    return cut.encode("utf-8", "replace").decode("utf-8")
