"""Both kinds of clients behind one synchronous interface."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from coupons_sdk import (
    ApiKey,
    AsyncCoupons,
    AsyncCouponsAdmin,
    Coupons,
    CouponsAdmin,
    Hmac,
)

HMAC = Hmac("acme", "whsec-of-acme")
API_KEY = ApiKey("pk_0123456789")
COUPON = {
    **{"id": "1", "definition_id": "2", "definition_name": "Welcome"},
    **{"tenant_id": "acme", "user_id": "ann", "code": "SAVE10", "status": "redeemed"},
    **{"generated_at": "2026-05-04T12:00:00Z", "expires_at": None},
    **{"redeemed_at": "2026-05-04T12:00:00Z", "redemption_count": 1},
    "coupon_type": "reward",
    "reward_item": {
        **{"item_id": "3", "name": "Gems", "description": "", "reward_type": "gem"},
        "payload": {},
    },
}
Run = Callable[..., Any]


def run_sync(url: str, use: Callable[[Any], Any], **options: Any) -> Any:
    """Return what a call of a synchronous client returns."""
    with Coupons(url, options.pop("credential", HMAC), **options) as client:
        return use(client)


def run_async(url: str, use: Callable[[Any], Any], **options: Any) -> Any:
    """Return what the same call of an asynchronous client returns."""

    async def main() -> Any:
        credential = options.pop("credential", HMAC)
        async with AsyncCoupons(url, credential, **options) as client:
            return await use(client)

    return _run(main)


def _run(main: Callable[[], Any]) -> Any:
    # In a thread of its own, because Playwright leaves a running loop in the main one.
    with ThreadPoolExecutor(1) as executor:
        return executor.submit(lambda: asyncio.run(main())).result()


def run_sync_admin(url: str, use: Callable[[Any], Any], **options: Any) -> Any:
    """Return what a call of a synchronous client of the admin gateway returns."""
    with CouponsAdmin(url, API_KEY, tenant_id="acme", **options) as client:
        return use(client)


def run_async_admin(url: str, use: Callable[[Any], Any], **options: Any) -> Any:
    """Return what the same call of an asynchronous client returns."""

    async def main() -> Any:
        async with AsyncCouponsAdmin(
            url, API_KEY, tenant_id="acme", **options
        ) as client:
            return await use(client)

    return _run(main)


BOTH = pytest.mark.parametrize("run", [run_sync, run_async], ids=["sync", "async"])
BOTH_ADMIN = pytest.mark.parametrize(
    "run", [run_sync_admin, run_async_admin], ids=["sync", "async"]
)
