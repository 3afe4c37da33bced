"""Checks of a definition against existing codes, coupons and packages."""

from collections.abc import Iterator
from contextlib import contextmanager

from coupon_core.domain.models import (
    AdminReason,
    Definition,
    DefinitionStatus,
    Refused,
)
from coupon_core.domain.rules import definitions as definition_rules
from coupon_core.persistence.repositories import (
    checked_prefixes as checked_prefix_repository,
)
from coupon_core.persistence.repositories import definition_names
from coupon_core.persistence.repositories import definitions as definition_repository
from coupon_core.persistence.repositories import packages as package_repository


def require_valid(definition: Definition) -> None:
    """Refuse a definition whose fields contradict each other."""
    for reason in definition_rules.definition_violations(definition):
        raise Refused(reason)


def require_in_use(definition: Definition, status: DefinitionStatus) -> None:
    """Refuse to activate or pause a definition whose package or campaign is not in use.

    A concurrent transaction that takes the package out of use waits for the lock on
    the definition, and archives the definition afterwards.
    """
    if status in (definition.effective_status, DefinitionStatus.ARCHIVED):
        return
    package = package_repository.find_by_definition(
        definition.tenant_id, definition.definition_id
    )
    if definition.is_campaign_ended or (package and not package.is_active):
        raise Refused(AdminReason.PACKAGE_OUT_OF_USE)


def require_unused_code(definition: Definition) -> None:
    """Refuse a custom code that another definition or coupon has."""
    code = definition.custom_code
    if not code:
        return
    if checked_prefix_repository.find_invalid_check_digits(
        definition.tenant_id, [code]
    ):
        raise Refused(
            AdminReason.CODE_TAKEN,
            f"The code {code} begins with a prefix that is reserved for codes with a "
            "check character, and has a wrong one; expected another beginning",
        )
    if definition_repository.is_code_taken(definition):
        raise Refused(AdminReason.CODE_TAKEN)


@contextmanager
def translate_conflicts() -> Iterator[None]:
    """Turn constraint violations inside the block into refusals."""
    try:
        yield
    except definition_repository.NameTaken as error:
        raise Refused(AdminReason.NAME_TAKEN) from error
    except definition_repository.UnknownRewardItem as error:
        raise Refused(AdminReason.UNKNOWN_REWARD_ITEM) from error


def find_duplicate_names(limit: int) -> list[tuple[str, str, str]]:
    """Return tenant, id and name of older definitions whose name is not unique."""
    return definition_names.find_duplicate_names(limit)
