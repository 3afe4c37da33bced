"""Users and their points."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Generic

from coupons_sdk.admin.resource import AdminResource
from coupons_sdk.models.people import Erasure, PersonalData, PointEntry, User, Wallet
from coupons_sdk.pages import PageCall
from coupons_sdk.requests import OMIT, Call, Omit, request
from coupons_sdk.resources import Mode, operation, paged


class Users(AdminResource[Mode], Generic[Mode]):
    """Registered users, and personal data."""

    @operation
    def create(
        self,
        user_id: str,
        *,
        is_member: bool | Omit = OMIT,
        details: Mapping[str, Any] | Omit = OMIT,
        tags: Sequence[str] | Omit = OMIT,
    ) -> Call[User]:
        """Register a user.

        >>> admin.users.create(fresh_name, tags=["vip"]).tags
        ('vip',)
        """
        body = {
            "user_id": user_id,
            "is_member": is_member,
            "details": details,
            "tags": tags,
        }
        return request("POST", User.from_json, self._path("users"), body=body)

    @paged
    def list(self, *, limit: int | None = None) -> PageCall[User]:
        """List the registered users.

        >>> known_user in {user.user_id for user in admin.users.list(limit=500)}
        True
        """
        return PageCall(User, "users", self._path("users"), {"limit": limit})

    @operation
    def get(self, user_id: str) -> Call[User]:
        """Return a user.

        >>> admin.users.get(known_user).is_member
        True
        """
        return request("GET", User.from_json, self._path("users", user_id))

    @operation
    def change(
        self,
        user_id: str,
        *,
        is_member: bool | Omit = OMIT,
        details: Mapping[str, Any] | Omit = OMIT,
        tags: Sequence[str] | Omit = OMIT,
    ) -> Call[User]:
        """Change members of a user.

        >>> admin.users.change(known_user, is_member=False).is_member
        False
        """
        body = {"is_member": is_member, "details": details, "tags": tags}
        path = self._path("users", user_id)
        return request("PATCH", User.from_json, path, body=body)

    @operation
    def export(self, user_id: str) -> Call[PersonalData]:
        """Return everything that is stored about a user.

        >>> "user" in str(admin.users.export(known_user).data)
        True
        """
        path = self._path("users", user_id, "export")
        return request("GET", PersonalData.from_json, path)

    @operation
    def erase(self, user_id: str, *, dry_run: bool | Omit = OMIT) -> Call[Erasure]:
        """Replace the ID of a user by a pseudonym everywhere; this cannot be undone.

        With `dry_run` nothing changes, and `rows` are those that would.

        >>> admin.users.erase(known_user, dry_run=True).pseudonym is None
        True
        >>> admin.users.erase(known_user).pseudonym != known_user
        True
        """
        path = self._path("users", user_id, "erase")
        return request("POST", Erasure.from_json, path, body={"dry_run": dry_run})


class Points(AdminResource[Mode], Generic[Mode]):
    """Points of users, with which they buy coupons."""

    @operation
    def credit(
        self,
        user_id: str,
        point_id: str,
        *,
        amount: int,
        reference: str | Omit = OMIT,
        reason: str | Omit = OMIT,
    ) -> Call[PointEntry]:
        """Add points to a wallet.

        >>> admin.points.credit(known_user, "gold", amount=2).balance
        7
        """
        body = {
            "user_id": user_id,
            "point_id": point_id,
            "amount": amount,
            "reference": reference,
            "reason": reason,
        }
        return self._change("credit", body)

    @operation
    def debit(
        self,
        user_id: str,
        point_id: str,
        *,
        amount: int,
        reference: str | Omit = OMIT,
        reason: str | Omit = OMIT,
    ) -> Call[PointEntry]:
        """Take points from a wallet.

        >>> admin.points.debit(known_user, "gold", amount=2).balance
        3

        Raises:
            Conflict: There are not enough.
        """
        body = {
            "user_id": user_id,
            "point_id": point_id,
            "amount": amount,
            "reference": reference,
            "reason": reason,
        }
        return self._change("debit", body)

    @paged
    def wallets(
        self,
        *,
        user_id: str | None = None,
        point_id: str | None = None,
        limit: int | None = None,
    ) -> PageCall[Wallet]:
        """List the balances.

        >>> [wallet.balance for wallet in admin.points.wallets(user_id=known_user)]
        [5]
        """
        query = {"user_id": user_id, "point_id": point_id, "limit": limit}
        return PageCall(Wallet, "wallets", self._path("points", "wallets"), query)

    @paged
    def entries(
        self,
        *,
        user_id: str | None = None,
        point_id: str | None = None,
        limit: int | None = None,
    ) -> PageCall[PointEntry]:
        """List the changes of balances, newest first.

        >>> [entry.kind for entry in admin.points.entries(user_id=known_user)]
        ['credit']
        """
        query = {"user_id": user_id, "point_id": point_id, "limit": limit}
        return PageCall(PointEntry, "entries", self._path("points", "entries"), query)

    def _change(self, kind: str, body: Mapping[str, Any]) -> Call[PointEntry]:
        path = self._path("points", kind)
        return request("POST", PointEntry.from_json, path, body=body)
