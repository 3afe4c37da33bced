"""Definitions."""

from __future__ import annotations

from typing import Generic, Literal

from coupons_sdk.admin.resource import AdminResource
from coupons_sdk.inputs import DefinitionChanges, DefinitionConfig, Metadata
from coupons_sdk.models.catalog import CodeCapacity, Definition, DefinitionStats
from coupons_sdk.pages import PageCall
from coupons_sdk.requests import OMIT, Call, Omit, parse_nothing, request
from coupons_sdk.resources import Mode, operation, paged

DefinitionStatus = Literal["active", "paused", "archived"]


class Definitions(AdminResource[Mode], Generic[Mode]):
    """Definitions: the templates of coupons."""

    @operation
    def create(
        self,
        name: str,
        config: DefinitionConfig,
        *,
        description: str | Omit | None = OMIT,
        campaign_id: str | Omit | None = OMIT,
        metadata: Metadata | Omit = OMIT,
    ) -> Call[Definition]:
        """Create a definition.

        >>> config = {"reward_item_id": item_id, "limits": {"per_code": 1}}
        >>> admin.definitions.create(fresh_name, config).status
        'active'
        """
        body = {
            "name": name,
            "config": config,
            "description": description,
            "campaign_id": campaign_id,
            "metadata": metadata,
        }
        return request("POST", Definition.from_json, self._path("coupons"), body=body)

    @paged
    def list(
        self,
        *,
        status: DefinitionStatus | None = None,
        name: str | None = None,
        campaign_id: str | None = None,
        metadata: Metadata | None = None,
        limit: int | None = None,
    ) -> PageCall[Definition]:
        """List the definitions.

        >>> definition = admin.definitions.get(definition_id)
        >>> [found.id for found in admin.definitions.list(name=definition.name)] == [
        ...     definition_id
        ... ]
        True
        """
        query = {"status": status, "name": name, "campaign_id": campaign_id}
        filters = query | to_metadata_filters(metadata) | {"limit": limit}
        return PageCall(Definition, "definitions", self._path("coupons"), filters)

    @operation
    def get(self, definition_id: str) -> Call[Definition]:
        """Return a definition.

        >>> admin.definitions.get(definition_id).config["code_format"]
        'random'
        """
        path = self._path("coupons", definition_id)
        return request("GET", Definition.from_json, path)

    @operation
    def replace(
        self,
        definition_id: str,
        name: str,
        *,
        config: DefinitionConfig,
        status: DefinitionStatus | Omit = OMIT,
        description: str | Omit | None = OMIT,
        campaign_id: str | Omit | None = OMIT,
        metadata: Metadata | Omit = OMIT,
    ) -> Call[Definition]:
        """Replace a definition; what is left out gets its default.

        >>> config = admin.definitions.get(definition_id).config
        >>> admin.definitions.replace(definition_id, fresh_name, config=config).status
        'active'
        """
        body = {
            "name": name,
            "config": config,
            "status": status,
            "description": description,
            "campaign_id": campaign_id,
            "metadata": metadata,
        }
        path = self._path("coupons", definition_id)
        return request("PUT", Definition.from_json, path, body=body)

    @operation
    def change(
        self,
        definition_id: str,
        *,
        name: str | Omit = OMIT,
        config: DefinitionChanges | Omit = OMIT,
        status: DefinitionStatus | Omit = OMIT,
        description: str | Omit | None = OMIT,
        campaign_id: str | Omit | None = OMIT,
        metadata: Metadata | Omit = OMIT,
    ) -> Call[Definition]:
        """Change members of a definition and of its `config`.

        >>> config = {"expires_at": datetime(2099, 12, 31, tzinfo=UTC)}
        >>> changed = admin.definitions.change(definition_id, config=config)
        >>> changed.config["expires_at"]
        '2099-12-31T00:00:00Z'
        """
        body = {
            "name": name,
            "config": config,
            "status": status,
            "description": description,
            "campaign_id": campaign_id,
            "metadata": metadata,
        }
        path = self._path("coupons", definition_id)
        return request("PATCH", Definition.from_json, path, body=body)

    @operation
    def delete(self, definition_id: str) -> Call[None]:
        """Archive a definition.

        >>> admin.definitions.delete(definition_id)
        >>> admin.definitions.get(definition_id).status
        'archived'
        """
        path = self._path("coupons", definition_id)
        return request("DELETE", parse_nothing, path)

    @operation
    def pause(self, definition_id: str) -> Call[Definition]:
        """Stop generation; coupons that exist stay valid.

        >>> admin.definitions.pause(definition_id).status
        'paused'
        """
        return self._act(definition_id, "pause")

    @operation
    def activate(self, definition_id: str) -> Call[Definition]:
        """Resume a paused or archived definition.

        >>> admin.definitions.activate(definition_id).status
        'active'
        """
        return self._act(definition_id, "activate")

    @operation
    def archive(self, definition_id: str) -> Call[Definition]:
        """Stop all use; the history stays readable.

        >>> admin.definitions.archive(definition_id).status
        'archived'
        """
        return self._act(definition_id, "archive")

    @operation
    def suspend(self, definition_id: str) -> Call[Definition]:
        """Stop all use until it is resumed.

        >>> admin.definitions.suspend(definition_id).suspended_at is not None
        True
        """
        return self._act(definition_id, "suspend")

    @operation
    def resume(self, definition_id: str) -> Call[Definition]:
        """End the suspension.

        >>> admin.definitions.resume(definition_id).suspended_at

        """
        return self._act(definition_id, "resume")

    @operation
    def stats(self, definition_id: str) -> Call[DefinitionStats]:
        """Return how many coupons there are by status, and the redemptions.

        >>> admin.definitions.stats(definition_id).total
        1
        """
        path = self._path("coupons", definition_id, "stats")
        return request("GET", DefinitionStats.from_json, path)

    @operation
    def capacity(self, definition_id: str) -> Call[CodeCapacity]:
        """Return how many codes can still be generated.

        >>> admin.definitions.capacity(definition_id).remaining > 1_000_000
        True
        """
        path = self._path("coupons", definition_id, "capacity")
        return request("GET", CodeCapacity.from_json, path)

    def _act(self, definition_id: str, action: str) -> Call[Definition]:
        path = self._path("coupons", definition_id, action)
        return request("POST", Definition.from_json, path)


def to_metadata_filters(metadata: Metadata | None) -> dict[str, str | float | bool]:
    """Return the parameters `metadata.KEY` of a list."""
    return {f"metadata.{key}": value for key, value in (metadata or {}).items()}
