"""The coupons of a definition."""

from __future__ import annotations

from typing import Generic

from coupons_sdk.admin.resource import AdminResource, Path
from coupons_sdk.inputs import Metadata, Time
from coupons_sdk.models.coupons import Coupon
from coupons_sdk.models.inventory import CouponWithBatch
from coupons_sdk.pages import PageCall
from coupons_sdk.requests import OMIT, Call, Code, Omit, request
from coupons_sdk.resources import Mode, operation, paged


class DefinitionCoupons(AdminResource[Mode], Generic[Mode]):
    """The coupons of a definition, one by one."""

    @paged
    def list(
        self,
        definition_id: str,
        *,
        status: str | None = None,
        user_id: str | None = None,
        code: str | None = None,
        limit: int | None = None,
    ) -> PageCall[Coupon]:
        """List the coupons of a definition.

        >>> [coupon.id for coupon in admin.coupons.list(definition_id)] == [coupon_id]
        True
        """
        query = {"status": status, "user_id": user_id, "code": code, "limit": limit}
        return PageCall(Coupon, "coupons", self._coupon_path(definition_id), query)

    @paged
    def of_code(self, code: str, *, limit: int | None = None) -> PageCall[Coupon]:
        """List the coupons with a code, of all users.

        >>> [coupon.id for coupon in admin.coupons.of_code(code)] == [coupon_id]
        True
        """
        path = self._path("coupons", "codes", Code(code))
        return PageCall(Coupon, "coupons", path, {"limit": limit})

    @operation
    def get(self, definition_id: str, coupon_id: str) -> Call[Coupon]:
        """Return a coupon.

        >>> admin.coupons.get(definition_id, coupon_id).code == code
        True
        """
        path = self._coupon_path(definition_id, coupon_id)
        return request("GET", Coupon.from_json, path)

    @operation
    def change(
        self,
        definition_id: str,
        coupon_id: str,
        *,
        expires_at: Time | Omit | None = OMIT,
        metadata: Metadata | Omit = OMIT,
    ) -> Call[CouponWithBatch]:
        """Change the expiry or the metadata; None returns to that of the definition.

        >>> changed = admin.coupons.change(
        ...     definition_id, coupon_id, expires_at=date(2099, 12, 31)
        ... )
        >>> changed.expires_at
        datetime.datetime(2099, 12, 31, 23, 59, 59, tzinfo=datetime.timezone.utc)
        """
        body = {"expires_at": expires_at, "metadata": metadata}
        path = self._coupon_path(definition_id, coupon_id)
        return request("PATCH", CouponWithBatch.from_json, path, body=body)

    @operation
    def revoke(self, definition_id: str, coupon_id: str) -> Call[Coupon]:
        """Revoke a coupon.

        >>> admin.coupons.revoke(definition_id, coupon_id).status
        'revoked'

        Raises:
            Conflict: It has been redeemed.
        """
        path = self._coupon_path(definition_id, coupon_id, "revoke")
        return request("POST", Coupon.from_json, path)

    @operation
    def revoke_code(
        self, definition_id: str, code: str, *, user_id: str | Omit = OMIT
    ) -> Call[Coupon]:
        """Revoke a coupon by its code, and by its user if several have it.

        >>> admin.coupons.revoke_code(definition_id, code).status
        'revoked'
        """
        path = self._coupon_path(definition_id, "revoke")
        body = {"code": code, "user_id": user_id}
        return request("POST", Coupon.from_json, path, body=body)

    @operation
    def restore(self, definition_id: str, coupon_id: str) -> Call[Coupon]:
        """Make a revoked coupon valid again.

        >>> revoked = admin.coupons.revoke(definition_id, coupon_id)
        >>> admin.coupons.restore(definition_id, coupon_id).status
        'active'
        """
        path = self._coupon_path(definition_id, coupon_id, "restore")
        return request("POST", Coupon.from_json, path)

    @operation
    def reissue(self, definition_id: str, coupon_id: str) -> Call[Coupon]:
        """Revoke a coupon, and give its user another code.

        >>> admin.coupons.reissue(definition_id, coupon_id).code != code
        True
        """
        path = self._coupon_path(definition_id, coupon_id, "reissue")
        return request("POST", Coupon.from_json, path)

    def _coupon_path(self, definition_id: str, *more: str) -> Path:
        return self._path("coupons", definition_id, "coupons", *more)
