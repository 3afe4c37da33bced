"""Clients of the admin gateway."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Generic, Unpack

import httpx2

from coupons_sdk.admin import (
    batches,
    campaigns,
    codes,
    coupons,
    creators,
    definitions,
    events,
    insight,
    keys,
    packages,
    people,
    reports,
    rewards,
)
from coupons_sdk.clients import AsyncClient, Client, SyncClient
from coupons_sdk.credentials import Credential, require_tenant
from coupons_sdk.inputs import Metadata, Time
from coupons_sdk.models.insight import Explanation
from coupons_sdk.models.inventory import Batch, GeneratedCoupons
from coupons_sdk.options import ClientOptions
from coupons_sdk.requests import OMIT, Call, Code, Omit, request
from coupons_sdk.resources import Async, Mode, Sync, operation
from coupons_sdk.uploads import CSV, CsvSource, Upload


class AdminMethods(Client[Mode], Generic[Mode]):
    """The methods and resources of both clients of the admin gateway."""

    tenant_id: str

    def _set_up(self, runner: Any) -> None:
        self._runner = runner
        place = (runner, self.tenant_id)
        self.api_keys: keys.ApiKeys[Mode] = keys.ApiKeys(*place)
        self.attempts: insight.Attempts[Mode] = insight.Attempts(*place)
        self.audit: insight.Audit[Mode] = insight.Audit(*place)
        self.batches: batches.Batches[Mode] = batches.Batches(*place)
        self.campaigns: campaigns.Campaigns[Mode] = campaigns.Campaigns(*place)
        self.client_keys: keys.ClientKeys[Mode] = keys.ClientKeys(*place)
        self.codes: codes.Codes[Mode] = codes.Codes(*place)
        self.coupons: coupons.DefinitionCoupons[Mode] = coupons.DefinitionCoupons(
            *place
        )
        self.creators: creators.Creators[Mode] = creators.Creators(*place)
        self.dead_letters: events.DeadLetters[Mode] = events.DeadLetters(*place)
        self.definitions: definitions.Definitions[Mode] = definitions.Definitions(
            *place
        )
        self.events: events.Events[Mode] = events.Events(*place)
        self.jobs: batches.Jobs[Mode] = batches.Jobs(*place)
        self.packages: packages.Packages[Mode] = packages.Packages(*place)
        self.points: people.Points[Mode] = people.Points(*place)
        self.redemptions: insight.Redemptions[Mode] = insight.Redemptions(*place)
        self.reports: reports.Reports[Mode] = reports.Reports(*place)
        self.rewards: rewards.Rewards[Mode] = rewards.Rewards(*place)
        self.secrets: keys.Secrets[Mode] = keys.Secrets(*place)
        self.users: people.Users[Mode] = people.Users(*place)
        self.webhooks: events.Webhooks[Mode] = events.Webhooks(*place)

    def _copy(self, runner: Any) -> Any:
        copy = object.__new__(type(self))
        copy.tenant_id = self.tenant_id
        copy._set_up(runner)
        return copy

    @operation
    def generate(
        self,
        definition_id: str,
        *,
        user_ids: Sequence[str] | Omit = OMIT,
        count: int | Omit = OMIT,
        expires_at: Time | Omit | None = OMIT,
        metadata: Metadata | Omit = OMIT,
    ) -> Call[GeneratedCoupons | Batch]:
        """Generate coupons for users, or a number of unassigned codes.

        Up to 1,000 are generated at once. More are a batch in the background: wait for
        it with `admin.batches.wait`.

        >>> [coupon.user_id for coupon in admin.generate(
        ...     definition_id, user_ids=["ann", "bob"]
        ... ).coupons]
        ['ann', 'bob']
        """
        body = {
            "user_ids": user_ids,
            "count": count,
            "expires_at": expires_at,
            "metadata": metadata,
        }
        path = self._path("coupons", definition_id, "generate")
        return request("POST", parse_generated, path, body=body)

    @operation
    def generate_from_csv(
        self,
        definition_id: str,
        source: CsvSource,
        *,
        expires_at: Time | None = None,
        ignore_columns: Sequence[str] = (),
        content_type: str = CSV,
    ) -> Call[GeneratedCoupons | Batch]:
        """Generate a coupon for each user in a CSV file with a column `user_id`.

        For `source` and `content_type`, see `admin.codes.import_csv`.

        >>> admin.generate_from_csv(definition_id, "user_id\\nann\\nbob\\n").generated
        2
        """
        query = {
            "expires_at": expires_at,
            "ignore_columns": ",".join(ignore_columns) or None,
        }
        path = self._path("coupons", definition_id, "generate")
        upload = Upload(source, content_type)
        return request("POST", parse_generated, path, query=query, upload=upload)

    @operation
    def explain(
        self, code: str, user_id: str | None = None, *, at: Time | Omit = OMIT
    ) -> Call[Explanation]:
        """Return why a code can or cannot be redeemed, with every rule.

        >>> admin.explain(code, user_id).redeemable
        True
        """
        body = {"code": code, "user_id": user_id, "at": at}
        path = self._path("codes", "explain")
        return request("POST", Explanation.from_json, path, body=body)

    @operation
    def call(
        self,
        method: str,
        *path: str | int | Code,
        query: Mapping[str, Any] | None = None,
        body: Mapping[str, Any] | None = None,
    ) -> Call[Any]:
        """Send a request below the path of the tenant; return the JSON of the answer.

        It is for what has no method, such as an operation of a newer server.

        >>> admin.call("GET", "rewards", item_id)["item_id"] == item_id
        True
        """
        target = self._path(*path)
        return request(method, parse_json, target, query=query, body=body)

    def _path(self, *segments: str | int | Code) -> tuple[str | int | Code, ...]:
        return ("v1", "tenants", self.tenant_id, *segments)


def parse_generated(raw: Any) -> GeneratedCoupons | Batch:
    """Read the answer of `generate`: coupons, or a batch of more than 1,000."""
    if isinstance(raw, dict) and "batch_id" in raw:
        return Batch.from_json(raw)
    return GeneratedCoupons.from_json(raw)


def parse_json(raw: Any) -> Any:
    """Read any answer."""
    return raw


class CouponsAdmin(AdminMethods[Sync], SyncClient):
    """A client of the admin gateway.

    >>> with CouponsAdmin(admin_url, ApiKey(api_key), tenant_id=tenant_id) as client:
    ...     client.definitions.get(definition_id).status
    'active'
    """

    def __init__(
        self,
        base_url: str,
        credential: Credential | None,
        *,
        tenant_id: str,
        transport: httpx2.BaseTransport | None = None,
        **options: Unpack[ClientOptions],
    ) -> None:
        self.tenant_id = require_tenant(tenant_id)
        super().__init__(base_url, credential, transport=transport, **options)


class AsyncCouponsAdmin(AdminMethods[Async], AsyncClient):
    """A client of the admin gateway whose methods are awaited.

    >>> async def list_statuses():
    ...     async with AsyncCouponsAdmin(
    ...         admin_url, ApiKey(api_key), tenant_id=tenant_id
    ...     ) as client:
    ...         found = client.coupons.list(definition_id)
    ...         return [coupon.status async for coupon in found]
    >>> asyncio.run(list_statuses())
    ['active']
    """

    def __init__(
        self,
        base_url: str,
        credential: Credential | None,
        *,
        tenant_id: str,
        transport: httpx2.AsyncBaseTransport | None = None,
        **options: Unpack[ClientOptions],
    ) -> None:
        self.tenant_id = require_tenant(tenant_id)
        super().__init__(base_url, credential, transport=transport, **options)
