"""Creators and their codes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Generic, Literal

from coupons_sdk.admin.resource import AdminResource
from coupons_sdk.inputs import NewCreator
from coupons_sdk.models.catalog import (
    AssignedCodes,
    CampaignStats,
    CreatedCreators,
    Creator,
    CreatorCode,
    RevokedCodeCount,
)
from coupons_sdk.pages import PageCall
from coupons_sdk.requests import OMIT, Call, Omit, request
from coupons_sdk.resources import Mode, operation, paged
from coupons_sdk.uploads import CSV, CsvSource, Upload

CreatorStatus = Literal["ACTIVE", "INACTIVE"]


class Creators(AdminResource[Mode], Generic[Mode]):
    """Creators: people who distribute codes of campaigns."""

    @operation
    def create(
        self,
        creator_key: str,
        name: str,
        *,
        genre: str | Omit | None = OMIT,
        status: CreatorStatus | Omit = OMIT,
    ) -> Call[Creator]:
        """Create a creator; the key has five letters or digits.

        >>> admin.creators.create(fresh_key, "Jun").name
        'Jun'
        """
        body = {
            "creator_key": creator_key,
            "name": name,
            "genre": genre,
            "status": status,
        }
        return request("POST", Creator.from_json, self._path("creators"), body=body)

    @operation
    def create_all(
        self,
        campaign_id: str,
        creators: Sequence[NewCreator],
        *,
        dry_run: bool | Omit = OMIT,
    ) -> Call[CreatedCreators]:
        """Create up to 1,000 creators of a campaign, with codes if you like.

        With `dry_run` they are only checked.

        >>> jun = {"creator_key": fresh_key, "name": "Jun"}
        >>> admin.creators.create_all(campaign_id, [jun]).total
        1
        """
        body = {
            "campaign_id": campaign_id,
            "creators": creators,
            "dry_run": dry_run,
        }
        path = self._path("creators", "bulk")
        return request("POST", CreatedCreators.from_json, path, body=body)

    @operation
    def create_from_csv(
        self,
        campaign_id: str,
        source: CsvSource,
        *,
        ignore_columns: Sequence[str] = (),
        dry_run: bool | None = None,
        content_type: str = CSV,
    ) -> Call[CreatedCreators]:
        """Create the creators of a CSV file (see `admin.codes.import_csv`).

        >>> text = f"creator_key,name\\n{fresh_key},Jun\\n"
        >>> admin.creators.create_from_csv(campaign_id, text).total
        1
        """
        query = {
            "campaign_id": campaign_id,
            "ignore_columns": ",".join(ignore_columns) or None,
            "dry_run": dry_run,
        }
        parse, path = CreatedCreators.from_json, self._path("creators", "bulk")
        upload = Upload(source, content_type)
        return request("POST", parse, path, query=query, upload=upload)

    @paged
    def list(
        self,
        *,
        keyword: str | None = None,
        campaign_id: str | None = None,
        limit: int | None = None,
    ) -> PageCall[Creator]:
        """List the creators.

        >>> found = admin.creators.list(campaign_id=campaign_id)
        >>> [creator.creator_key for creator in found] == [creator_key]
        True
        """
        query = {"keyword": keyword, "campaign_id": campaign_id, "limit": limit}
        return PageCall(Creator, "creators", self._path("creators"), query)

    @operation
    def get(self, creator_key: str) -> Call[Creator]:
        """Return a creator.

        >>> admin.creators.get(creator_key).status
        'ACTIVE'
        """
        path = self._path("creators", creator_key)
        return request("GET", Creator.from_json, path)

    @operation
    def change(
        self,
        creator_key: str,
        *,
        name: str | Omit = OMIT,
        genre: str | Omit | None = OMIT,
        status: CreatorStatus | Omit = OMIT,
    ) -> Call[Creator]:
        """Change members of a creator.

        >>> admin.creators.change(creator_key, status="INACTIVE").status
        'INACTIVE'
        """
        body = {"name": name, "genre": genre, "status": status}
        path = self._path("creators", creator_key)
        return request("PATCH", Creator.from_json, path, body=body)

    @operation
    def stats(self, creator_key: str) -> Call[CampaignStats]:
        """Return codes, redemptions and users.

        >>> admin.creators.stats(creator_key).codes
        1
        """
        path = self._path("creators", creator_key, "stats")
        return request("GET", CampaignStats.from_json, path)

    @paged
    def list_codes(
        self, creator_key: str, *, limit: int | None = None
    ) -> PageCall[CreatorCode]:
        """List the codes of a creator.

        >>> [item.code for item in admin.creators.list_codes(creator_key)] == [
        ...     creator_code
        ... ]
        True
        """
        path = self._path("creators", creator_key, "codes")
        return PageCall(CreatorCode, "codes", path, {"limit": limit})

    @operation
    def give(
        self,
        creator_key: str,
        package_id: int,
        *,
        codes: Sequence[str] | Omit = OMIT,
        count: int | Omit = OMIT,
        pattern: str | Omit = OMIT,
    ) -> Call[AssignedCodes]:
        """Give a creator codes of a package: these, or a number of new ones.

        >>> admin.creators.give(creator_key, int(package_id), count=2).total
        2
        """
        body = {
            "package_id": package_id,
            "codes": codes,
            "count": count,
            "pattern": pattern,
        }
        path = self._path("creators", creator_key, "codes")
        return request("POST", AssignedCodes.from_json, path, body=body)

    @operation
    def revoke(
        self, creator_key: str, *, codes: Sequence[str] | Omit = OMIT
    ) -> Call[RevokedCodeCount]:
        """Revoke codes of a creator; all of them if none are named.

        >>> admin.creators.revoke(creator_key, codes=[creator_code]).revoked
        1
        """
        path = self._path("creators", creator_key, "codes", "revoke")
        body = {"codes": codes}
        return request("POST", RevokedCodeCount.from_json, path, body=body)
