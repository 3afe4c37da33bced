"""What can go wrong at the edge, and how a dialect puts it into words."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal, TypeAlias

Target: TypeAlias = Literal["body", "query", "path", "header"]

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


def rendered(detail: Detail) -> dict[str, str]:
    """One entry of `details[]`, the same in every dialect (CONTRACTS 3.1)."""
    return {"message": detail.message, "path": detail.path, "target": detail.target}


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
