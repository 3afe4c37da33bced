"""Requests that create many creators with their codes, from JSON or CSV."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from flask import Request
from marshmallow import ValidationError, post_load

from admin_gateway.requests.creators import (
    CODE_ORDER_MEMBERS,
    CodeOrderSchema,
    CreateCreatorSchema,
)
from admin_gateway.requests.csv_files import IGNORE_COLUMNS_METADATA, ColumnNamesField
from admin_gateway.requests.fields import CampaignIdField, DryRunField
from coupon_core.domain.models.creators import NewCreator
from coupon_core.domain.models.inventory import RejectedRow
from coupon_core.schemas.base import LenientSchema, StrictSchema
from coupon_core.schemas.csv_options import (
    CsvColumns,
    CsvOptions,
    InvalidCsv,
    line_error,
)
from coupon_core.schemas.csv_reader import CsvRecord, read_records
from coupon_core.schemas.errors import MAX_DETAILS, ApiError, ErrorDetail
from coupon_core.schemas.fields import ChoiceField, StrictList
from coupon_core.schemas.nested_fields import StrictNested
from coupon_core.schemas.validation_errors import convert_validation_error
from coupon_core.services.campaigns.creator_imports import (
    MAX_CODES,
    MAX_CREATORS,
    CreatorsRejected,
)
from coupon_core.services.campaigns.creators import DEFAULT_PATTERN
from coupon_core.web.query_string import parse_query
from coupon_core.web.request_body import read_body, read_object
from coupon_core.web.request_stream import is_csv, parse_csv_options

MAX_BODY_BYTES = 2_097_152  # 1,000 creators with 10,000 codes
CREATOR_COLUMNS = CsvColumns(
    "creator_key",
    ("creator_key", "name", "genre", "status", *sorted(CODE_ORDER_MEMBERS)),
    (),
    "creator_key, name, and optionally genre, status, package_id, codes (separated by "
    "blanks), count and pattern",
)
INTEGER_COLUMNS = ("package_id", "count")


class NewCreatorSchema(CreateCreatorSchema, CodeOrderSchema):
    """A creator with the codes to assign, or to generate; loads as `NewCreator`."""

    @post_load
    def to_new_creator(self, members: dict[str, Any], **_: Any) -> NewCreator:
        """Separate the codes from the members of the creator."""
        order = {
            name: members.pop(name) for name in CODE_ORDER_MEMBERS & members.keys()
        }
        codes = tuple(dict.fromkeys(map(str.upper, order.pop("codes", ()))))
        order.setdefault("pattern", DEFAULT_PATTERN)
        return NewCreator(members.pop("creator_key"), members, codes=codes, **order)


class ImportCreatorsSchema(StrictSchema):
    """The campaign, and its new creators: all of them are created, or none."""

    campaign_id = CampaignIdField(required=True)
    creators = StrictList(
        StrictNested(NewCreatorSchema),
        required=True,
        min_length=1,
        max_length=MAX_CREATORS,
    )
    dry_run = DryRunField()


class ImportCreatorsQuerySchema(LenientSchema):
    """Query parameters beside a CSV list of creators."""

    campaign_id = CampaignIdField(metadata={"description": "Required with a CSV body."})
    ignore_columns = ColumnNamesField(metadata=IGNORE_COLUMNS_METADATA)
    dry_run = ChoiceField("true", "false", metadata=DryRunField.METADATA)


@dataclass(frozen=True, slots=True)
class CreatorImport:
    """New creators of a campaign, and where each of them is in the request."""

    campaign_id: str
    new_creators: Sequence[NewCreator]
    places: Sequence[str]
    dry_run: bool = False

    def to_api_error(self, error: CreatorsRejected) -> ApiError:
        """Return the 400 that names each creator that cannot be created."""
        details = [
            ErrorDetail(problem, self.places[position], target="body")
            for position, problem in error.problems[:MAX_DETAILS]
        ]
        text = (
            f"Nothing created, because of {len(error.problems):,} problems: "
            f"{details[0].path}: {details[0].message}"
        )
        return ApiError(400, "BAD_LINES", text, details)


_BODY_SCHEMA, _QUERY_SCHEMA = ImportCreatorsSchema(), ImportCreatorsQuerySchema()
_ROW_SCHEMA = NewCreatorSchema()


def parse_creator_import(request: Request) -> CreatorImport:
    """Return the creators that a request asks for.

    Raises:
        ApiError: The query or the body is invalid.
    """
    try:
        query = _QUERY_SCHEMA.load(parse_query(request.environ, _QUERY_SCHEMA.fields))
        if not is_csv(request):
            _refuse_parameters(query)
            return load_document(
                read_object(request, MAX_BODY_BYTES, alternative=" or text/csv")
            )
        if "campaign_id" not in query:
            raise ValidationError(
                {"campaign_id": ["missing; expected with a CSV body"]}
            )
    except ValidationError as error:
        raise convert_validation_error(error, "query") from None
    options = parse_csv_options(request, query.get("ignore_columns", frozenset()))
    pieces = [read_body(request, MAX_BODY_BYTES)]
    creator_import = read_csv(query["campaign_id"], pieces, options)
    return replace(creator_import, dry_run=query.get("dry_run") == "true")


def _refuse_parameters(query: Mapping[str, Any]) -> None:
    for name in query:  # A JSON body has its own members for these values.
        raise ValidationError({name: ["expected only with a CSV body"]})


def load_document(document: Mapping[str, Any]) -> CreatorImport:
    """Return the creators of a JSON document.

    Raises:
        ApiError: The document is invalid.
    """
    try:
        body = _BODY_SCHEMA.load(document)
    except ValidationError as error:
        raise convert_validation_error(error) from None
    creators = body["creators"]
    _require_allowed_code_count(creators)
    places = [f"creators.{position}" for position in range(len(creators))]
    return CreatorImport(body["campaign_id"], creators, places, body["dry_run"])


def read_csv(
    campaign_id: str, pieces: Iterable[bytes], options: CsvOptions
) -> CreatorImport:
    """Return the creators of a CSV file.

    Raises:
        InvalidCsv: Some lines are invalid, or there are no creators or too many.
    """
    creators: list[NewCreator] = []
    places: list[str] = []
    errors: list[ErrorDetail] = []
    for row in read_records(pieces, CREATOR_COLUMNS, options):
        try:
            creators.append(_load_row(row))
            places.append(f"line {row.line}")
        except ValidationError as error:
            errors += [
                line_error(row.line, f"{detail.path}: {detail.message}".lstrip(": "))
                for detail in convert_validation_error(error).details
            ]
        if len(creators) > MAX_CREATORS or len(errors) > MAX_DETAILS:
            break
    if not errors and not 1 <= len(creators) <= MAX_CREATORS:
        errors.append(line_error(1, f"expected 1 to {MAX_CREATORS:,} creators"))
    if errors:
        raise InvalidCsv(errors)
    _require_allowed_code_count(creators)
    return CreatorImport(campaign_id, creators, places)


def _load_row(row: CsvRecord | RejectedRow) -> NewCreator:
    if isinstance(row, RejectedRow):
        raise ValidationError(row.reason)
    members: dict[str, Any] = {name: text for name, text in row.values.items() if text}
    for name in INTEGER_COLUMNS:
        text = members.get(name, "")
        if text.isascii() and text.isdecimal():
            members[name] = int(text)
    if "codes" in members:
        members["codes"] = members["codes"].split()
    new_creator: NewCreator = _ROW_SCHEMA.load(members)
    return new_creator


def _require_allowed_code_count(creators: Iterable[NewCreator]) -> None:
    count = sum(new.count or len(new.codes) for new in creators)
    if count > MAX_CODES:
        text = f"expected at most {MAX_CODES:,} codes in a request, found {count:,}"
        raise InvalidCsv([ErrorDetail(text, "", target="body")])
