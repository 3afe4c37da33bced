"""How type checkers see the SDK; `make lint` checks this file with mypy and pyright."""

from __future__ import annotations

from typing import assert_type

from coupons_sdk import (
    AsyncCoupons,
    AsyncCouponsAdmin,
    Coupon,
    Coupons,
    CouponsAdmin,
    Page,
    Reservation,
    Validation,
)
from coupons_sdk.models.catalog import Definition
from coupons_sdk.models.inventory import Batch, CouponWithBatch, GeneratedCoupons
from coupons_sdk.models.reports import TopReport
from coupons_sdk.streams import AsyncCsvStream, CsvStream


def use_clients(admin: CouponsAdmin, coupons: Coupons) -> None:
    """Use the synchronous clients."""
    assert_type(coupons.validate("SAVE10", "ann"), Validation)
    assert_type(coupons.redeem("SAVE10", "ann", reference="order-1"), Coupon)
    assert_type(coupons.reserve("SAVE10", "ann"), Reservation)
    assert_type(coupons.list("ann").page(), Page[Coupon])
    assert_type(coupons.with_options(timeout=60), Coupons)
    assert_type(admin.definitions.get("d1"), Definition)
    assert_type(admin.generate("d1", count=5), GeneratedCoupons | Batch)
    assert_type(admin.batches.wait("b1"), Batch)
    assert_type([code for code in admin.codes.list()], list[CouponWithBatch])
    assert_type(admin.codes.export(), CsvStream)
    assert_type(admin.reports.top("code", from_="2026-01-01"), TopReport)


async def use_async_clients(admin: AsyncCouponsAdmin, coupons: AsyncCoupons) -> None:
    """Use the asynchronous clients."""
    assert_type(await coupons.redeem("SAVE10", "ann"), Coupon)
    assert_type(await admin.batches.wait("b1"), Batch)
    found = [code async for code in admin.codes.list()]
    assert_type(found, list[CouponWithBatch])
    assert_type(admin.codes.export(), AsyncCsvStream)


def use_wrongly(admin: CouponsAdmin, coupons: Coupons) -> None:
    """Make mistakes; a checker that does not see one reports an unused comment."""
    coupons.redeem("SAVE10")  # type: ignore[call-arg]
    coupons.redeem("SAVE10", "ann", referenc="x")  # type: ignore[call-arg]
    admin.definitions.create("Winter", {"hot": True})  # type: ignore[typeddict-item]
    admin.reports.top("colour")  # type: ignore[arg-type]
