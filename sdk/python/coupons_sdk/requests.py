"""Descriptions of requests: what a method of the SDK asks of the server."""

from __future__ import annotations

import enum
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any, Final, Generic, TypeVar
from urllib.parse import quote, urlencode

from coupons_sdk.documents import Document
from coupons_sdk.errors import ConfigurationError
from coupons_sdk.uploads import Upload

T = TypeVar("T")
D = TypeVar("D", bound=Document)

# What no code contains, but which would change the meaning of a path.
UNSENDABLE_IN_CODE = re.compile(r"[/\\\x00-\x1f\x7f-\x9f\ud800-\udfff]")
MAX_SENT_CODE_LENGTH = 256
# Sent instead of a code that no path can carry: no code begins with it, so that the
# server answers as for any unknown code.
IMPOSSIBLE_CODE = "-"
MIN_PARTLY_SHOWN_LENGTH = 6


class Omit(enum.Enum):
    """The type of OMIT."""

    OMIT = "omit"

    def __repr__(self) -> str:
        return "OMIT"


# The default of members that are not sent; None is sent as null.
OMIT: Final = Omit.OMIT


@dataclass(frozen=True)
class Code:
    """A code in a path: it is masked in logs."""

    text: str


@dataclass(frozen=True, kw_only=True)
class Call(Generic[T]):
    """One request, and how its answer is read."""

    method: str
    path: str
    parse: Callable[[Any], T]
    masked_path: str
    query: str = ""
    body: Mapping[str, Any] | None = field(default=None, repr=False)
    upload: Upload | None = field(default=None, repr=False)
    is_refusable: bool = False  # it uses a code or a reservation
    accept: str = "application/json"

    @property
    def title(self) -> str:
        """Return what messages call the request."""
        return f"{self.method} /{self.masked_path}"

    def as_refusable(self) -> Call[T]:
        """Return a call whose refusals are CouponRefused."""
        return replace(self, is_refusable=True)


def request(
    method: str,
    parse: Callable[[Any], T],
    path: tuple[str | int | Code, ...],
    *,
    query: Mapping[str, Any] | None = None,
    body: Mapping[str, Any] | None = None,
    upload: Upload | None = None,
    accept: str = "application/json",
) -> Call[T]:
    """Return a call; `path` are the segments below the base path of the client."""
    segments = [_to_segment(item) for item in path]
    masked = [_mask(item) if isinstance(item, Code) else item for item in path]
    return Call(
        method=method,
        parse=parse,
        path="/".join(segments),
        masked_path="/".join(map(str, masked)),
        query=build_query(query) if query else "",
        body=None if body is None else omit_absent(body),
        upload=upload,
        accept=accept,
    )


def parse_nothing(_: Any) -> None:
    """Read the answer of a request that has no content."""


def _to_segment(item: str | int | Code) -> str:
    given = item.text if isinstance(item, Code) else item
    # Programs without types may pass anything.
    if not isinstance(given, str if isinstance(item, Code) else (str, int)):
        kind = type(given).__name__
        raise ConfigurationError(f"Invalid ID or code of type {kind}: expected text.")
    if isinstance(item, Code):
        is_sendable = (
            0 < len(item.text) <= MAX_SENT_CODE_LENGTH
            and item.text.strip(" .")
            and not UNSENDABLE_IN_CODE.search(item.text.strip())
        )
        return quote(item.text.strip(), safe="") if is_sendable else IMPOSSIBLE_CODE
    text = str(item)
    # An empty or dot segment would name another resource, for example the whole list.
    if text in ("", ".", "..") or UNSENDABLE_IN_CODE.search(text):
        raise ConfigurationError(
            f"Invalid ID {text!r}: expected text without '/', '\\' and control "
            "characters, other than '', '.' and '..'."
        )
    return quote(text, safe="")


def _mask(code: Code) -> str:
    shown = code.text[:2] if len(code.text) >= MIN_PARTLY_SHOWN_LENGTH else ""
    return f"{shown}***"


def build_query(query: Mapping[str, Any]) -> str:
    """Return a query string; None and OMIT are left out, and lists repeated."""
    pairs = [
        (name.rstrip("_"), _to_query_text(item))
        for name, value in query.items()
        if value is not None and value is not OMIT
        for item in (value if isinstance(value, (list, tuple)) else (value,))
    ]
    return urlencode(pairs, quote_via=quote)


def _to_query_text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return value.isoformat() if isinstance(value, date) else str(value)


def omit_absent(body: Mapping[str, Any]) -> dict[str, Any]:
    """Return the members that are sent."""
    return {name: value for name, value in body.items() if value is not OMIT}


def encode_value(value: Any) -> Any:
    """Return what JSON has instead of a value: times as ISO 8601.

    A time without an offset stays one: the server reads it in the time zone of the
    definition.
    """
    if isinstance(value, date):  # a datetime is a date
        return value.isoformat()
    if isinstance(value, Mapping):
        return dict(value)
    if isinstance(value, (set, frozenset, range)) or hasattr(value, "__iter__"):
        return list(value)
    raise TypeError(f"{type(value).__name__} cannot be sent as JSON: {value!r}")
