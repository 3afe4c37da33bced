"""Redemptions, failed attempts and the audit log."""

from __future__ import annotations

from typing import Generic

from coupons_sdk.admin.resource import AdminResource
from coupons_sdk.inputs import Time
from coupons_sdk.models.insight import Attempt, AuditEntry, Redemption
from coupons_sdk.pages import PageCall
from coupons_sdk.requests import OMIT, Call, Omit, request
from coupons_sdk.resources import Mode, operation, paged


class Redemptions(AdminResource[Mode], Generic[Mode]):
    """Redemptions: uses of coupons."""

    @paged
    def list(
        self,
        *,
        user_id: str | None = None,
        code: str | None = None,
        definition_id: str | None = None,
        campaign_id: str | None = None,
        reference: str | None = None,
        dialect: str | None = None,
        from_: Time | None = None,
        to: Time | None = None,
        limit: int | None = None,
    ) -> PageCall[Redemption]:
        """List redemptions, newest first.

        >>> found = admin.redemptions.list(user_id=user_id, limit=1)
        >>> str(next(iter(found)).redemption_id) == redemption_id
        True
        """
        query = {
            "user_id": user_id,
            "code": code,
            "definition_id": definition_id,
            "campaign_id": campaign_id,
            "reference": reference,
            "dialect": dialect,
            "from": from_,
            "to": to,
            "limit": limit,
        }
        return PageCall(Redemption, "redemptions", self._path("redemptions"), query)

    @operation
    def get(self, redemption_id: int) -> Call[Redemption]:
        """Return a redemption.

        >>> admin.redemptions.get(redemption_id).dialect
        'phoenix'
        """
        path = self._path("redemptions", redemption_id)
        return request("GET", Redemption.from_json, path)

    @operation
    def reverse(
        self, redemption_id: int, *, reason: str | Omit = OMIT
    ) -> Call[Redemption]:
        """Give a use back, once; a repetition answers the same.

        >>> admin.redemptions.reverse(redemption_id, reason="Refund").reversal_reason
        'Refund'
        """
        path = self._path("redemptions", redemption_id, "reverse")
        return request("POST", Redemption.from_json, path, body={"reason": reason})


class Attempts(AdminResource[Mode], Generic[Mode]):
    """Failed attempts to use a code."""

    @paged
    def list(
        self,
        *,
        code: str | None = None,
        user_id: str | None = None,
        reason: str | None = None,
        action: str | None = None,
        definition_id: str | None = None,
        from_: Time | None = None,
        to: Time | None = None,
        limit: int | None = None,
    ) -> PageCall[Attempt]:
        """List failed attempts, newest first.

        >>> [attempt.reason for attempt in admin.attempts.list(user_id="nobody")]
        []
        """
        query = {
            "code": code,
            "user_id": user_id,
            "reason": reason,
            "action": action,
            "definition_id": definition_id,
            "from": from_,
            "to": to,
            "limit": limit,
        }
        return PageCall(Attempt, "attempts", self._path("attempts"), query)


class Audit(AdminResource[Mode], Generic[Mode]):
    """The audit log: changes that administrators made."""

    @paged
    def list(
        self,
        *,
        actor: str | None = None,
        action: str | None = None,
        object_id: str | None = None,
        from_: Time | None = None,
        to: Time | None = None,
        limit: int | None = None,
    ) -> PageCall[AuditEntry]:
        """List the entries of the audit log, newest first.

        >>> paused = admin.definitions.pause(definition_id)
        >>> next(iter(admin.audit.list(object_id=definition_id))).action
        'definition.paused'
        """
        query = {
            "actor": actor,
            "action": action,
            "object_id": object_id,
            "from": from_,
            "to": to,
            "limit": limit,
        }
        return PageCall(AuditEntry, "entries", self._path("audit"), query)
