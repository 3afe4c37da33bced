"""The base class of answers: frozen dataclasses that keep unknown members."""

from __future__ import annotations

import typing
from collections.abc import Callable, Mapping
from dataclasses import MISSING, dataclass, fields
from datetime import datetime
from functools import cache
from types import UnionType
from typing import Any, NamedTuple, Self

Convert = Callable[[Any], Any]


@dataclass(frozen=True, kw_only=True)
class Document:
    """A JSON object that the server has sent.

    Members that this version does not know are in `unknown`, and everything as it was
    sent is in `raw`. A field whose name ends in an underscore is the JSON member
    without it.
    """

    @classmethod
    def from_json(cls, raw: Mapping[str, Any]) -> Self:
        """Return the document of a JSON object.

        Raises:
            ValueError: It is not an object, or a member is missing or malformed.
        """
        plan = _plan(cls)
        try:
            values = {field: raw[name] for field, name in plan.required}
            values |= {field: raw[name] for field, name in plan.optional if name in raw}
            for field, convert in plan.conversions:
                if (value := values.get(field)) is not None:
                    values[field] = convert(value)
        except (KeyError, TypeError, AttributeError) as error:
            problem = f"member {error}" if isinstance(error, KeyError) else error
            raise ValueError(f"not a {cls.__name__}: {problem}") from error
        # As unpickling does: the __init__ of a frozen dataclass costs six times more.
        document = object.__new__(cls)
        values["raw"] = raw
        document.__dict__.update(values)
        return document

    if typing.TYPE_CHECKING:
        raw: Mapping[str, Any] = {}
    else:
        raw = {}  # of a document that was not read from JSON; no field

    @property
    def unknown(self) -> dict[str, Any]:
        """Return the members that this version of the SDK does not know."""
        known = _plan(type(self)).names
        return {name: item for name, item in self.raw.items() if name not in known}


class _Plan(NamedTuple):
    required: tuple[tuple[str, str], ...]
    optional: tuple[tuple[str, str], ...]
    conversions: tuple[tuple[str, Convert], ...]
    names: frozenset[str]


def _create_plan(cls: type[Document]) -> _Plan:
    hints = typing.get_type_hints(cls)
    required: list[tuple[str, str]] = []
    optional: list[tuple[str, str]] = []
    conversions: list[tuple[str, Convert]] = []
    for field in fields(cls):
        pair = (field.name, to_member_name(field.name))
        is_required = field.default is MISSING and field.default_factory is MISSING
        (required if is_required else optional).append(pair)
        if convert := _find_conversion(hints[field.name]):
            conversions.append((field.name, convert))
    names = frozenset(name for _, name in (*required, *optional))
    return _Plan(tuple(required), tuple(optional), tuple(conversions), names)


# Once per class: reading type hints costs more than parsing a document.
_plan: Callable[[Any], _Plan] = cache(_create_plan)


def to_member_name(field_name: str) -> str:
    """Return the JSON member of a field: `from_` is `from`."""
    return field_name.rstrip("_")


def _find_conversion(hint: Any) -> Convert | None:
    """Return what makes a value of this type from JSON; None if it is one already."""
    if isinstance(hint, UnionType):
        (hint,) = (item for item in typing.get_args(hint) if item is not type(None))
    if isinstance(hint, type):
        if issubclass(hint, Document):
            return hint.from_json
        return datetime.fromisoformat if hint is datetime else None
    if typing.get_origin(hint) is tuple:
        return _find_tuple_conversion(typing.get_args(hint)[0])
    return None


def _find_tuple_conversion(item_hint: Any) -> Convert:
    convert = _find_conversion(item_hint)
    if convert is None:
        return tuple

    def convert_all(items: list[Any]) -> tuple[Any, ...]:
        return tuple(map(convert, items))

    return convert_all
