"""Search for codes as people remember them: mistyped, in part, or by what they know."""

from collections.abc import Mapping
from itertools import chain

from coupon_core.domain.codes import CODE_REGEX, to_lookup_key
from coupon_core.domain.models.explanations import MatchKind, SearchHit
from coupon_core.domain.pasted_text import clean_pasted_code
from coupon_core.domain.rules.code_candidates import get_shape, list_candidates
from coupon_core.persistence.repositories import code_search as search_repository
from coupon_core.schemas.identifiers import is_uuid
from coupon_core.services.campaigns.creators import DEFAULT_PATTERN

MAX_HITS = 50
MIN_PREFIX_LENGTH = 4
MAX_NEAR_MATCHES = 5
# The form of creators' codes, unless another pattern was given for them.
CREATOR_PREFIX = DEFAULT_PATTERN.partition("-")[0]
CREATOR_CODE = DEFAULT_PATTERN.format(creator="ABC12", number="001")
MAX_INTEGER_ID = 2**53 - 1
_CLOSENESS = {match: number for number, match in enumerate(MatchKind)}


def search(tenant_id: str, text: str, limit: int = MAX_HITS) -> list[SearchHit]:
    """Return what a text may mean, the closest first, each with how it matched.

    It may be a code, as it is or nearly so, the beginning of one, a user, the reference
    of a redemption, or the ID of a coupon or redemption.
    """
    hits = chain(
        _find_by_code(tenant_id, text),
        *(
            search_repository.find_by_attribute(
                tenant_id, match, value=value, limit=limit
            )
            for match, value in _read_values(text).items()
        ),
    )
    unique: dict[tuple[str | None, str, int | None], SearchHit] = {}
    for hit in sorted(hits, key=lambda hit: _CLOSENESS[hit.match]):
        unique.setdefault((hit.coupon_id, hit.code, hit.redemption_id), hit)
    return list(unique.values())[:limit]


def find_near_matches(tenant_id: str, text: str) -> list[SearchHit]:
    """Return the existing codes that a text which is no code may stand for."""
    return _find_among(tenant_id, text, _guess_keys(tenant_id, text))[:MAX_NEAR_MATCHES]


def _find_by_code(tenant_id: str, text: str) -> list[SearchHit]:
    keys = _guess_keys(tenant_id, text)
    prefix = to_lookup_key(clean_pasted_code(text))
    if len(prefix) >= MIN_PREFIX_LENGTH and CODE_REGEX.fullmatch(prefix):
        for key in search_repository.list_keys_with_prefix(
            tenant_id, prefix, limit=MAX_HITS
        ):
            keys.setdefault(key, MatchKind.PREFIX)
    return _find_among(tenant_id, text, keys)


def _guess_keys(tenant_id: str, text: str) -> dict[str, MatchKind]:
    shapes = set(map(get_shape, search_repository.list_separated_codes(tenant_id)))
    # Guesses are limited, so that each form leaves fewer of them for the others.
    if to_lookup_key(clean_pasted_code(text)).startswith(CREATOR_PREFIX):
        shapes.add(get_shape(CREATOR_CODE))
    return list_candidates(text, shapes)


def _find_among(
    tenant_id: str, text: str, keys: Mapping[str, MatchKind]
) -> list[SearchHit]:
    return search_repository.find_by_keys(tenant_id, keys, text) if keys else []


def _read_values(text: str) -> dict[MatchKind, str | int]:
    """Return what else a text can be, by the attribute that may have it as a value."""
    value = text.strip()
    values: dict[MatchKind, str | int] = {
        MatchKind.USER_ID: value,
        MatchKind.REFERENCE: value,
    }
    if is_uuid(value):
        values[MatchKind.COUPON_ID] = value.lower()
    if value.isascii() and value.isdecimal() and int(value) <= MAX_INTEGER_ID:
        values[MatchKind.REDEMPTION_ID] = int(value)
    return values
