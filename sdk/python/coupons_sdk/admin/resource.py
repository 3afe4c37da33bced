"""What the resources of the admin gateway share."""

from __future__ import annotations

from typing import Any, Generic

from coupons_sdk.requests import Code
from coupons_sdk.resources import Mode, Resource

Path = tuple[str | int | Code, ...]


class AdminResource(Resource[Mode], Generic[Mode]):
    """A group of methods below `/v1/tenants/{tenant_id}`."""

    def __init__(self, runner: Any, tenant_id: str) -> None:
        super().__init__(runner)
        self._tenant_id = tenant_id

    def _path(self, *segments: str | int | Code) -> Path:
        return ("v1", "tenants", self._tenant_id, *segments)
