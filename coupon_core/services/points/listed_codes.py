"""Add listed codes, which are unassigned until a user buys one (Mambo)."""

from collections.abc import Sequence
from datetime import datetime

from coupon_core.domain import codes
from coupon_core.domain.models import UNASSIGNED, Definition
from coupon_core.domain.report_counts import Counts, ReportCounts, get_quarter
from coupon_core.persistence.database import ConcurrentUpdate
from coupon_core.persistence.repositories import code_lookup as code_lookup_repository
from coupon_core.persistence.repositories import coupons as coupon_repository
from coupon_core.persistence.repositories import offers as offer_repository
from coupon_core.persistence.repositories.report_counts import raise_counts
from coupon_core.services import reserved_prefixes
from coupon_core.services.coupons.code_assignment import build_coupon


def add_listed_codes(
    definition: Definition, requested_codes: Sequence[str], now: datetime
) -> None:
    """Add the codes that the definition does not have yet; call it last.

    Raises:
        Refused: A code is taken by another definition or coupon.
        ConcurrentUpdate: A code was taken by a concurrent request.
    """
    listed_keys = {
        codes.to_lookup_key(code) for code in offer_repository.list_codes(definition)
    }
    new_codes = [
        code for code in requested_codes if codes.to_lookup_key(code) not in listed_keys
    ]
    tenant_id = definition.tenant_id
    taken = code_lookup_repository.find_taken_by_shared_codes(tenant_id, new_codes)
    taken |= code_lookup_repository.find_taken_by_coupons(tenant_id, new_codes)
    reserved_prefixes.refuse_taken_codes(tenant_id, taken, "codes")
    drafts = [build_coupon(definition, UNASSIGNED, code, now) for code in new_codes]
    if len(coupon_repository.insert_new(drafts, definition)) < len(drafts):
        raise ConcurrentUpdate("a code was taken just now")
    counts = ReportCounts(
        definition.definition_id,
        get_quarter(now),
        counts=Counts(generated=len(drafts)),
    )
    raise_counts(tenant_id, [counts])
