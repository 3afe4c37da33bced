"""Codes of all definitions: search, export, import, and changes of many at once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Generic

from coupons_sdk.admin.resource import AdminResource
from coupons_sdk.inputs import Time
from coupons_sdk.models.coupons import Coupon
from coupons_sdk.models.insight import SearchResult
from coupons_sdk.models.inventory import (
    CodeChange,
    CodeImport,
    CodeJob,
    CouponWithBatch,
    CouponWithTimeline,
    ExpiryJob,
)
from coupons_sdk.pages import PageCall
from coupons_sdk.requests import OMIT, Call, Omit, parse_nothing, request
from coupons_sdk.resources import Mode, operation, paged, streamed
from coupons_sdk.uploads import CSV, CsvSource, Upload


class Codes(AdminResource[Mode], Generic[Mode]):
    """Codes of all definitions."""

    @paged
    def list(
        self,
        *,
        code: str | None = None,
        user_id: str | None = None,
        batch_id: str | None = None,
        definition_id: str | None = None,
        status: str | None = None,
        generated_from: Time | None = None,
        generated_before: Time | None = None,
        limit: int | None = None,
    ) -> PageCall[CouponWithBatch]:
        """List codes, newest first.

        >>> [found.id for found in admin.codes.list(definition_id=definition_id)] == [
        ...     coupon_id
        ... ]
        True
        """
        query = {
            "code": code,
            "user_id": user_id,
            "batch_id": batch_id,
            "definition_id": definition_id,
            "status": status,
            "generated_from": generated_from,
            "generated_before": generated_before,
            "limit": limit,
        }
        return PageCall(CouponWithBatch, "coupons", self._path("codes"), query)

    @streamed
    def export(
        self,
        *,
        code: str | None = None,
        user_id: str | None = None,
        batch_id: str | None = None,
        definition_id: str | None = None,
        status: str | None = None,
        generated_from: Time | None = None,
        generated_before: Time | None = None,
    ) -> Call[None]:
        """Download codes as CSV, without keeping them in memory.

        >>> rows = admin.codes.export(definition_id=definition_id).rows()
        >>> [row["code"] for row in rows] == [code]
        True
        """
        query = {
            "code": code,
            "user_id": user_id,
            "batch_id": batch_id,
            "definition_id": definition_id,
            "status": status,
            "generated_from": generated_from,
            "generated_before": generated_before,
        }
        path = self._path("codes", "export")
        return request("GET", parse_nothing, path, query=query, accept="text/csv")

    @operation
    def import_csv(
        self,
        definition_id: str,
        source: CsvSource,
        *,
        partial: bool | None = None,
        skip_used: bool | None = None,
        ignore_columns: Sequence[str] = (),
        content_type: str = CSV,
    ) -> Call[CodeImport]:
        """Import existing codes, without keeping the file in memory.

        `source` is the text of a CSV file, its `Path`, an open binary file, or an
        iterable of bytes; the last one cannot be sent again if the connection breaks.
        `content_type` is `text/csv; header=absent` for a file without a heading line,
        and `text/csv; charset=windows-1252` for one in that encoding.

        >>> text = f"code,user_id\\n{fresh_name},ann\\n"
        >>> admin.codes.import_csv(definition_id, text).done
        1

        Raises:
            InvalidRequest: Some lines are invalid; `details` names them.
        """
        query = {
            "partial": partial,
            "skip_used": skip_used,
            "ignore_columns": ",".join(ignore_columns) or None,
        }
        path = self._path("coupons", definition_id, "import")
        upload = Upload(source, content_type)
        return request("POST", CodeImport.from_json, path, query=query, upload=upload)

    @operation
    def get(self, coupon_id: str) -> Call[CouponWithTimeline]:
        """Return a coupon with what happened to it, and whether it can be redeemed.

        >>> found = admin.codes.get(coupon_id)
        >>> [entry.event for entry in found.timeline], found.effective_status
        (['generated'], 'active')
        """
        path = self._path("codes", coupon_id)
        return request("GET", CouponWithTimeline.from_json, path)

    @operation
    def assign(self, code: str, user_id: str) -> Call[Coupon]:
        """Give an unassigned code to a user.

        >>> admin.codes.assign(loose_code, "ann").user_id
        'ann'

        Raises:
            Conflict: It is assigned, or shared.
        """
        path, body = self._path("codes", "assign"), {"code": code, "user_id": user_id}
        return request("POST", Coupon.from_json, path, body=body)

    @operation
    def search(self, q: str, *, limit: int | None = None) -> Call[SearchResult]:
        """Find codes by what a user types: a code, also mistyped, an ID, a reference.

        >>> [hit.match for hit in admin.codes.search(code.lower()).hits]
        ['normalized']
        """
        path, query = self._path("codes", "search"), {"q": q, "limit": limit}
        return request("GET", SearchResult.from_json, path, query=query)

    @operation
    def revoke(
        self,
        *,
        user_id: str | Omit = OMIT,
        batch_id: str | Omit = OMIT,
        dry_run: bool | Omit = OMIT,
    ) -> Call[CodeChange]:
        """Revoke all codes of a user or a batch.

        >>> admin.codes.revoke(batch_id=batch_id).state
        'completed'
        """
        body = {"user_id": user_id, "batch_id": batch_id, "dry_run": dry_run}
        path = self._path("codes", "revoke")
        return request("POST", CodeChange.from_json, path, body=body)

    @operation
    def restore(
        self,
        *,
        user_id: str | Omit = OMIT,
        batch_id: str | Omit = OMIT,
        dry_run: bool | Omit = OMIT,
    ) -> Call[CodeChange]:
        """Make all revoked codes of a user or a batch valid again.

        >>> admin.codes.restore(user_id="nobody", dry_run=True).done
        0
        """
        body = {"user_id": user_id, "batch_id": batch_id, "dry_run": dry_run}
        path = self._path("codes", "restore")
        return request("POST", CodeChange.from_json, path, body=body)

    @operation
    def change_expiry(
        self,
        expires_at: Time | None,
        *,
        batch_id: str | Omit = OMIT,
        definition_id: str | Omit = OMIT,
        user_id: str | Omit = OMIT,
        dry_run: bool | Omit = OMIT,
    ) -> Call[ExpiryJob]:
        """Change the expiry of many codes; None returns to that of the definition.

        >>> job = admin.codes.change_expiry(
        ...     "2099-12-31", definition_id=definition_id, dry_run=True
        ... )
        >>> job.done, job.dry_run
        (1, True)
        """
        body = {
            "expires_at": expires_at,
            "batch_id": batch_id,
            "definition_id": definition_id,
            "user_id": user_id,
            "dry_run": dry_run,
        }
        path = self._path("codes", "expiry")
        return request("POST", ExpiryJob.from_json, path, body=body)

    @operation
    def extend(self, batch_id: str, expires_at: Time) -> Call[CodeJob]:
        """Let the codes of a batch expire later.

        >>> admin.codes.extend(batch_id, "2099-12-31").kind
        'extend'
        """
        body = {"batch_id": batch_id, "expires_at": expires_at}
        path = self._path("codes", "extend")
        return request("POST", CodeJob.from_json, path, body=body)
