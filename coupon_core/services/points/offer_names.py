"""Names and codes that new definitions of Mambo coupons get."""

from collections.abc import Callable

from coupon_core.domain import codes
from coupon_core.domain.models import AdminReason, CodeFormat, Definition, Refused
from coupon_core.domain.names import MAX_NAME_LENGTH
from coupon_core.persistence.database import transaction
from coupon_core.persistence.id_generation import generate_id

COPIED_CODE_LENGTH = 8


def write_under_free_name(
    write: Callable[[str], Definition], name: str, definition_id: str
) -> Definition:
    """Write a definition under `name`, or if that is taken under a longer name.

    Names of definitions are unique, those of Mambo coupons are not. The caller's
    transaction continues if the name is taken.
    """
    try:
        with transaction():  # a savepoint
            return write(name)
    except Refused as refused:
        if refused.reason != AdminReason.NAME_TAKEN:
            raise
    return write(_append(name, f" ({definition_id[-12:]})"))


def generate_copy_name(name: str) -> str:
    """Return the name of a copy of a coupon."""
    return _append(name, f" copy {generate_id()[-6:]}")


def _append(name: str, suffix: str) -> str:
    return name[: MAX_NAME_LENGTH - len(suffix)] + suffix


def generate_copy_code(definition: Definition) -> str:
    """Return a shared code for a copy of a definition, or "" if it has a list."""
    if definition.code_format != CodeFormat.CUSTOM:
        return ""
    (code,) = codes.generate_random_codes(
        1, "", COPIED_CODE_LENGTH, definition.code_alphabet
    )
    return code
