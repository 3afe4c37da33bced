"""A row of the table: what a route needs, takes and answers; and the route itself."""

from __future__ import annotations

import itertools
import json
import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from coupon_core.domain.models import Scope

from .world import OWN, Args

_numbers = itertools.count(1)
FRESH = {
    "fresh_name": lambda: f"n{next(_numbers)}",
    "fresh_key": lambda: f"N{next(_numbers):04}",
}
NO_IDS = frozenset({"tenant_id", "site", *FRESH})
_PLACE = re.compile(r"<(?:\w+:)?(\w+)>")
_NUMBER = re.compile(r'"\{#(\w+)\}"')
_FILLED = re.compile(r"\{#?(\w+)\}")


class Told(StrEnum):
    """What becomes of a credential at a route."""

    SERVED = "served"
    A_USER = "served as one user"
    STRANGER = "served as another tenant"
    FORBIDDEN = "403"
    NO_SITE = "404"
    UNKNOWN = "401"


@dataclass(frozen=True)
class Row:
    """A route: what it needs and takes, and how it answers.

    `done` is the status for one's own, `missing` that for what is not there; `query`
    and `body` are filled like the path, `{code}` and all. `makes` marks what a
    stranger may do in his own tenant, `notes` what is noted even when it is refused.
    """

    done: int = 200
    missing: int = 404
    needs: Scope = Scope.READ
    query: str = ""
    body: Any = None
    makes: bool = False
    notes: bool = False


@dataclass(frozen=True)
class Route:
    """A row at the place where a gateway serves it."""

    gateway: str
    method: str
    rule: str
    row: Row

    def __str__(self) -> str:
        return f"{self.gateway} {self.method} {self.rule}"

    @property
    def names(self) -> tuple[str, ...]:
        """What has to be filled in, in the order in which it stands."""
        places = _PLACE.findall(self.rule)
        found = [*places, *_FILLED.findall(self.row.query + json.dumps(self.row.body))]
        return tuple(dict.fromkeys(name for name in found if name not in NO_IDS))

    @property
    def names_tenant(self) -> bool:
        return not {"tenant_id", "site"}.isdisjoint(_PLACE.findall(self.rule))

    def path(self, args: Args) -> str:
        whole = {"tenant_id": OWN, "site": OWN, **args}
        path = _PLACE.sub(lambda place: whole[place[1]], self.rule)
        return path + filled(self.row.query, args)

    def sent(self, args: Args) -> bytes:
        body = self.row.body
        text = body if isinstance(body, str) else json.dumps(body)
        return b"" if body is None else filled(text, args).encode()

    @property
    def content_type(self) -> str:
        return "text/csv" if isinstance(self.row.body, str) else "application/json"


def filled(text: str, args: Args) -> str:
    """The text with its ids, `"{#id}"` as a number; `{fresh_…}` is always new."""
    text = _NUMBER.sub(lambda place: args[place[1]], text)
    return _FILLED.sub(lambda place: _filling(place[1], args), text)


def _filling(name: str, args: Args) -> str:
    return FRESH[name]() if name in FRESH else args[name]
