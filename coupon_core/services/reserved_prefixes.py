"""Prefixes that are reserved for the codes of one definition with check characters.

A code with such a prefix needs a valid check character. Other definitions must not
draw, list or import codes that begin so; this is refused once, permanently and with
the prefix, before any code is drawn.
"""

from collections.abc import Collection

from coupon_core.domain import codes
from coupon_core.domain.models import (
    AdminReason,
    CodeFormat,
    Definition,
    Refused,
)
from coupon_core.persistence.repositories import (
    checked_prefixes as checked_prefix_repository,
)

MAX_NAMED_CODES = 10


def reserve_prefix(definition: Definition) -> None:
    """Reserve the prefix of codes with a check character for this definition.

    The caller must hold the lock of the tenant.

    Raises:
        Refused: Other codes begin with the same prefix.
    """
    if not definition.code_check:
        return
    prefix = codes.fixed_prefix(definition)
    conflict = _find_conflict(definition, prefix)
    if conflict:
        raise Refused(
            AdminReason.STEM_TAKEN,
            f"config.code_check: {conflict}; expected a code_prefix, or a code_pattern "
            "with a beginning, that no other codes have",
        )
    checked_prefix_repository.insert(
        definition.tenant_id, prefix, definition.definition_id
    )


def _find_conflict(definition: Definition, prefix: str) -> str:
    tenant_id = definition.tenant_id
    for reserved in checked_prefix_repository.list_prefixes(tenant_id):
        if prefix.startswith(reserved) or reserved.startswith(prefix):
            return f"{prefix} overlaps with {reserved}, which is reserved already"
    if checked_prefix_repository.has_codes(tenant_id, prefix):
        return f"there are codes that begin with {prefix}"
    return ""


def require_unreserved_prefix(definition: Definition) -> None:
    """Refuse random codes that all begin with another definition's reserved prefix.

    Raises:
        Refused: The prefix is reserved.
    """
    if definition.code_format != CodeFormat.RANDOM or definition.code_check:
        return
    member = "code_pattern" if definition.code_pattern else "code_prefix"
    _require_unreserved(
        definition.tenant_id, codes.fixed_prefix(definition), f"config.{member}"
    )


def require_unreserved_pattern(tenant_id: str, pattern: str, creator_key: str) -> None:
    """Refuse a pattern of creators' codes that begins with a reserved prefix.

    Raises:
        Refused: The prefix is reserved.
    """
    beginning = pattern.replace("{creator}", creator_key).partition("{")[0]
    _require_unreserved(tenant_id, codes.to_lookup_key(beginning), "pattern")


def _require_unreserved(tenant_id: str, beginning: str, member: str) -> None:
    if not can_be_reserved(beginning):
        return
    for reserved in checked_prefix_repository.list_prefixes(tenant_id):
        if beginning.startswith(reserved):
            raise Refused(
                AdminReason.STEM_TAKEN,
                f"{member}: {beginning} begins with {reserved}, which is reserved for "
                "codes with a check character; expected another beginning",
            )


def can_be_reserved(beginning: str) -> bool:
    """Return True if a text is long enough to begin with a reserved prefix."""
    return len(beginning) >= codes.MIN_FIXED_PREFIX_LENGTH


def refuse_taken_codes(
    tenant_id: str, taken_codes: Collection[str], member: str
) -> None:
    """Refuse codes that cannot be added, with the reason for each of them.

    Raises:
        Refused: There is at least one such code.
    """
    if not taken_codes:
        return
    mistyped = checked_prefix_repository.find_invalid_check_digits(
        tenant_id, taken_codes
    )
    parts = (
        ("in use already", set(taken_codes) - mistyped),
        (
            "begin with a prefix that is reserved for codes with a check character, "
            "and have a wrong one",
            mistyped,
        ),
    )
    detail = "; ".join(
        f"{problem}: {', '.join(sorted(named)[:MAX_NAMED_CODES])}"
        for problem, named in parts
        if named
    )
    raise Refused(AdminReason.CODE_TAKEN, f"{member}: {detail}")
