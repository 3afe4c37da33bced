"""The catalogue of error codes: `docs/errors.md`, read for `/errors` and OpenAPI.

People edit one table, and no code or explanation is written twice.
`tests/test_error_catalogue.py` compares the table with the codes that are sent.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from marshmallow import fields

from coupon_core.schemas.base import Document, ResponseSchema
from coupon_core.web.blueprint import JsonBlueprint

# The wheel contains it beside this module; a checkout has it in docs/.
_PATHS = (
    Path(__file__).with_name("errors.md"),
    Path(__file__).parents[2] / "docs" / "errors.md",
)
ADMIN, PHOENIX = "admin", "phoenix"
PLAYCAMP, MAMBO, MAMBO_OAUTH = "playcamp", "mambo", "mambo_oauth"
# PlayCamp and Mambo repeat the common codes, under names of their own.
_APIS_BY_SECTION = {
    "Every API": (ADMIN, PHOENIX),
    "Admin API": (ADMIN,),
    "Phoenix": (PHOENIX,),
    "PlayCamp": (PLAYCAMP,),
    "Mambo": (MAMBO,),
    "Mambo OAuth": (MAMBO_OAUTH,),
}
_REFERENCE = "As for every API"
_split_sections = re.compile(r"^## (.+)$", re.MULTILINE).split
_find_rows = re.compile(r"^\| `(\w+)` \| (\d{3}) \| (.+) \|$", re.MULTILINE).finditer
_replace_links = re.compile(r"\[([^]]+)]\([^)]*\)").sub
_match_apis = re.compile(r"(.*) \(([\w, ]+)\)").fullmatch
CACHE_SECONDS = 3600


@dataclass(frozen=True, slots=True)
class CatalogueEntry:
    """An error code of one or more APIs, and what its receiver can do about it."""

    code: str
    status: int
    apis: tuple[str, ...]
    meaning: str
    remedy: str


@cache
def load_catalogue() -> tuple[CatalogueEntry, ...]:
    """Return the entries of the catalogue in the order of the document."""
    path = next(path for path in _PATHS if path.exists())
    _, *parts = _split_sections(path.read_text(encoding="utf-8"))
    sections = zip(parts[::2], parts[1::2], strict=True)
    entries: list[CatalogueEntry] = []
    for section, text in sections:
        for row in _find_rows(text):
            entries.append(_parse_row(section, row, entries))
    return tuple(entries)


def _parse_row(
    section: str, row: re.Match[str], earlier: list[CatalogueEntry]
) -> CatalogueEntry:
    code, status, cells = row[1], int(row[2]), _replace_links(r"\1", row[3])
    *_, meaning, remedy = cells.split(" | ")
    apis = _APIS_BY_SECTION.get(section, ())
    if not apis and (match := _match_apis(meaning)):
        meaning, names = match.groups()
        known = (ADMIN, PHOENIX)
        apis = tuple(api for api in known if names == "all" or api in names.lower())
    if meaning.startswith(_REFERENCE):
        # The same code, or else the first code of the same status.
        same = [entry for entry in earlier if entry.status == status]
        original = next((entry for entry in same if entry.code == code), same[0])
        meaning, remedy = original.meaning, original.remedy
    return CatalogueEntry(code, status, apis=apis, meaning=meaning, remedy=remedy)


def list_codes(api: str) -> Iterator[str]:
    """Yield every code that an API answers with, once, in the order of the document."""
    yield from dict.fromkeys(
        entry.code for entry in load_catalogue() if api in entry.apis
    )


class CatalogueEntrySchema(ResponseSchema):
    """An error code, and what its receiver can do about it."""

    code = fields.String(required=True)
    status = fields.Integer(required=True)
    apis = fields.List(
        fields.String(),
        required=True,
        metadata={"description": "The APIs that answer with the code."},
    )
    meaning = fields.String(
        required=True, metadata={"description": "What the code says about the request."}
    )
    remedy = fields.String(
        required=True, metadata={"description": "What its receiver can do about it."}
    )


EXAMPLE_CATALOGUE = {
    "errors": [
        {
            "code": "NOT_FOUND",
            "status": 404,
            "apis": [ADMIN, PHOENIX],
            "meaning": "There is no such path.",
            "remedy": "Compare the path with `/openapi.json`.",
        }
    ]
}


class ErrorCatalogueSchema(ResponseSchema):
    """Every error code of both gateways."""

    example = EXAMPLE_CATALOGUE

    errors = fields.List(fields.Nested(CatalogueEntrySchema), required=True)


def create_errors_blueprint() -> JsonBlueprint:
    """Create `GET /errors`, which is public and may be cached."""
    routes = JsonBlueprint("errors", __name__, description="Error codes")

    @routes.route("/errors")
    @routes.response(
        200,
        ErrorCatalogueSchema,
        headers={"Cache-Control": "Cache-Control"},
    )
    @routes.doc(security=[])
    def list_errors() -> tuple[Document, dict[str, str]]:
        """List the error codes of both gateways with their meaning and remedy.

        Codes that no API answers with are absent; they occur in logs only.
        """
        rows = [entry for entry in load_catalogue() if entry.apis]
        headers = {"Cache-Control": f"public, max-age={CACHE_SECONDS}"}
        return {"errors": rows}, headers

    return routes
