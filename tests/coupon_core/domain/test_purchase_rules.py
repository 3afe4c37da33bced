"""Test the validity period of awarded coupons, in particular the ends of months."""

from __future__ import annotations

from datetime import datetime

import pytest

from coupon_core.domain.models.offers import Offer, ValidityUnit
from coupon_core.domain.rules.purchases import compute_validity_end

ENDS = [
    ("2026-01-31T12:00:00Z", ValidityUnit.DAYS, 1, "2026-02-01T12:00:00Z"),
    ("2026-12-31T23:59:59Z", ValidityUnit.WEEKS, 2, "2027-01-14T23:59:59Z"),
    ("2026-01-31T12:00:00Z", ValidityUnit.MONTHS, 1, "2026-02-28T12:00:00Z"),
    ("2028-01-31T12:00:00Z", ValidityUnit.MONTHS, 1, "2028-02-29T12:00:00Z"),
    ("2026-11-30T12:00:00Z", ValidityUnit.MONTHS, 3, "2027-02-28T12:00:00Z"),
    ("2026-12-15T12:00:00Z", ValidityUnit.MONTHS, 12, "2027-12-15T12:00:00Z"),
    ("2028-02-29T12:00:00Z", ValidityUnit.YEARS, 1, "2029-02-28T12:00:00Z"),
    ("2028-02-29T12:00:00Z", ValidityUnit.YEARS, 100, "2128-02-29T12:00:00Z"),
]


@pytest.mark.parametrize(("awarded", "period", "value", "end"), ENDS)
def test_the_end_of_an_award(
    awarded: str, period: ValidityUnit, value: int, end: str
) -> None:
    offer = Offer("acme", "id", period_type=period, period_value=value)
    assert compute_validity_end(
        offer, datetime.fromisoformat(awarded)
    ) == datetime.fromisoformat(end)


def test_without_a_period_the_definition_tells_the_end() -> None:
    now = datetime.fromisoformat("2026-01-31T12:00:00Z")
    assert compute_validity_end(Offer("acme", "id"), now) is None
