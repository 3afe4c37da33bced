"""Clients of the query gateway: validate, redeem and reserve codes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Generic

from coupons_sdk.clients import AsyncClient, Client, SyncClient
from coupons_sdk.credentials import Hmac
from coupons_sdk.models.coupons import (
    Coupon,
    PlayerDefinition,
    Reservation,
    Validation,
)
from coupons_sdk.pages import PageCall
from coupons_sdk.requests import OMIT, Call, Code, Omit, parse_nothing, request
from coupons_sdk.resources import Async, Mode, Sync, operation, paged


class QueryMethods(Client[Mode], Generic[Mode]):
    """The methods of both clients of the query gateway."""

    _base: tuple[str, ...]

    def _set_up(self, runner: Any) -> None:
        self._runner = runner
        credential = runner.options.credential
        # A signature names the tenant in the path, a token names it itself.
        tenant: list[str] = []
        if isinstance(credential, Hmac):
            tenant = [credential.tenant_id]
        self._base = ("v1", "coupons", *tenant)

    @operation
    def validate(self, code: str, user_id: str | None = None) -> Call[Validation]:
        """Return whether a code can be redeemed now, and why not.

        An unusable code is an answer, never an error; so is a text that cannot be a
        code.

        >>> coupons.validate(code, user_id).valid
        True
        >>> coupons.validate("no/such/code", user_id).error_code
        'COUPON_NOT_FOUND'
        """
        path = self._path("validate", Code(code))
        return request("GET", Validation.from_json, path, query={"user_id": user_id})

    @operation
    def redeem(
        self,
        code: str,
        user_id: str,
        *,
        reference: str | Omit | None = OMIT,
        metadata: Mapping[str, str | float | bool] | Omit | None = OMIT,
    ) -> Call[Coupon]:
        """Redeem a code, and return the coupon after it.

        `reference`, for example the ID of an order, and `metadata` are stored with the
        redemption.

        >>> coupons.redeem(code, user_id, reference="order-17").status
        'redeemed'
        >>> coupons.redeem(code, user_id)
        Traceback (most recent call last):
        coupons_sdk.errors.CouponRefused: Coupon has already been redeemed (...)

        Raises:
            CouponRefused: The code cannot be used; `code` says why.
        """
        body = {"user_id": user_id, "reference": reference, "metadata": metadata}
        path = self._path("redeem", Code(code))
        return request("POST", Coupon.from_json, path, body=body).as_refusable()

    @operation
    def reserve(
        self,
        code: str,
        user_id: str,
        *,
        ttl_seconds: int | Omit = OMIT,
        reference: str | Omit | None = OMIT,
        metadata: Mapping[str, str | float | bool] | Omit | None = OMIT,
    ) -> Call[Reservation]:
        """Hold a use of a code for a while, by default 15 minutes.

        >>> reservation = coupons.reserve(code, user_id, ttl_seconds=60)
        >>> coupons.confirm(reservation.reservation_id).status
        'redeemed'

        Raises:
            CouponRefused: The code cannot be used; `code` says why.
        """
        body = {
            "user_id": user_id,
            "ttl_seconds": ttl_seconds,
            "reference": reference,
            "metadata": metadata,
        }
        path = self._path("reserve", Code(code))
        return request("POST", Reservation.from_json, path, body=body).as_refusable()

    @operation
    def confirm(self, reservation_id: str) -> Call[Coupon]:
        """Redeem what a reservation holds; a repetition answers the same.

        >>> coupons.confirm(reservation_id).redemption_count
        1

        Raises:
            CouponRefused: It was released, or has ended and the use is gone.
        """
        path = self._path("reservations", reservation_id, "confirm")
        return request("POST", Coupon.from_json, path).as_refusable()

    @operation
    def release(self, reservation_id: str) -> Call[None]:
        """Give back what a reservation holds; a repetition answers the same.

        >>> coupons.release(reservation_id)

        Raises:
            CouponRefused: It was confirmed, or is unknown.
        """
        path = self._path("reservations", reservation_id)
        return request("DELETE", parse_nothing, path).as_refusable()

    @paged
    def list(
        self, user_id: str, *, status: str | None = None, limit: int | None = None
    ) -> PageCall[Coupon]:
        """List the coupons of a user, newest first.

        >>> [coupon.code for coupon in coupons.list(user_id, status="active")] == [code]
        True
        """
        query = {"status": status, "limit": limit}
        return PageCall(Coupon, "coupons", self._path("user", user_id), query)

    @operation
    def get(self, user_id: str, coupon_id: str) -> Call[Coupon]:
        """Return a coupon of a user.

        >>> coupons.get(user_id, coupon_id).code == code
        True

        Raises:
            NotFound: There is none, or it is another user's.
        """
        path = self._path("user", user_id, coupon_id)
        return request("GET", Coupon.from_json, path)

    @paged
    def history(self, user_id: str, *, limit: int | None = None) -> PageCall[Coupon]:
        """List the coupons that a user has redeemed, latest use first.

        >>> redeemed = coupons.redeem(code, user_id)
        >>> next(iter(coupons.history(user_id))) == redeemed
        True
        """
        path = self._path("user", user_id, "redemptions")
        return PageCall(Coupon, "redemptions", path, {"limit": limit})

    @paged
    def definitions(self, *, limit: int | None = None) -> PageCall[PlayerDefinition]:
        """List the active definitions.

        >>> definition_id in {definition.id for definition in coupons.definitions()}
        True
        """
        path = self._path("definitions")
        return PageCall(PlayerDefinition, "definitions", path, {"limit": limit})

    def _path(self, *segments: str | Code) -> tuple[str | int | Code, ...]:
        return (*self._base, *segments)


class Coupons(QueryMethods[Sync], SyncClient):
    """A client of the query gateway.

    >>> with Coupons(query_url, Hmac(tenant_id, tenant_secret)) as shop:
    ...     shop.validate(code, user_id).valid
    True
    """


class AsyncCoupons(QueryMethods[Async], AsyncClient):
    """A client of the query gateway whose methods are awaited.

    >>> async def is_valid():
    ...     async with AsyncCoupons(query_url, Hmac(tenant_id, tenant_secret)) as shop:
    ...         return (await shop.validate(code, user_id)).valid
    >>> asyncio.run(is_valid())
    True
    """
