"""What the clients of both gateways share: options, and closing."""

from __future__ import annotations

from typing import Any, Generic, Self, Unpack

import httpx2

from coupons_sdk.credentials import Credential
from coupons_sdk.models.service import ErrorCatalogue, Health, Readiness
from coupons_sdk.options import (
    ClientOptions,
    Options,
    RequestOptions,
    check_base_url,
)
from coupons_sdk.requests import Call, request
from coupons_sdk.resources import Async, Mode, Resource, Sync, operation
from coupons_sdk.runners import AsyncRunner, SyncRunner


class Client(Resource[Mode], Generic[Mode]):
    """What all four clients share."""

    def with_options(self, **changes: Unpack[RequestOptions]) -> Self:
        """Return a client with other options on the same connections.

        They are those of a new client (`coupons_sdk.options.ClientOptions`).

        With an `idempotency_key` of your own, for example the ID of an order, a POST
        has one effect even if your program is restarted in between. A key belongs to
        one request: use the client that is returned for that one only.

        >>> patient = coupons.with_options(timeout=60, max_retries=5)
        >>> patient.with_options(idempotency_key="order-1").redeem(code, user_id).status
        'redeemed'
        """
        return self._copy(self._runner.with_options(**changes))

    def _copy(self, runner: Any) -> Self:
        copy = object.__new__(type(self))
        copy._set_up(runner)
        return copy

    def _set_up(self, runner: Any) -> None:
        """Set up a client that is new, or a copy with other options."""
        self._runner = runner

    @operation
    def health(self) -> Call[Health]:
        """Return the health of the process; no credential is needed.

        >>> coupons.health().status
        'healthy'
        """
        return request("GET", Health.from_json, ("health",))

    @operation
    def ready(self) -> Call[Readiness]:
        """Return whether the gateway can serve requests.

        >>> coupons.ready().status
        'ready'

        Raises:
            ServerError: It cannot (503).
        """
        return request("GET", Readiness.from_json, ("ready",))

    @operation
    def error_catalogue(self) -> Call[ErrorCatalogue]:
        """Return every error code with its meaning and what to do.

        >>> entries = {entry.code: entry for entry in coupons.error_catalogue().errors}
        >>> entries["COUPON_EXPIRED"].status
        400
        """
        return request("GET", ErrorCatalogue.from_json, ("errors",))


class SyncClient(Client[Sync]):
    """A client that waits for each answer; threads may share it.

    For its options see `coupons_sdk.options.ClientOptions`; `transport` is one of
    httpx2, for example for tests.
    """

    def __init__(
        self,
        base_url: str,
        credential: Credential | None,
        *,
        transport: httpx2.BaseTransport | None = None,
        **options: Unpack[ClientOptions],
    ) -> None:
        place = check_base_url(base_url)
        given = Options(base_url=place, credential=credential, **options)
        self._set_up(SyncRunner(given, transport))

    def close(self) -> None:
        """Close the connections, also those of copies with other options.

        >>> client = Coupons(query_url, None)
        >>> client.close()
        """
        self._runner.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class AsyncClient(Client[Async]):
    """A client whose methods are awaited, for asyncio and trio."""

    def __init__(
        self,
        base_url: str,
        credential: Credential | None,
        *,
        transport: httpx2.AsyncBaseTransport | None = None,
        **options: Unpack[ClientOptions],
    ) -> None:
        place = check_base_url(base_url)
        given = Options(base_url=place, credential=credential, **options)
        self._set_up(AsyncRunner(given, transport))

    async def close(self) -> None:
        """Close the connections, also those of copies with other options.

        >>> async def open_and_close():
        ...     client = AsyncCoupons(query_url, None)
        ...     await client.close()
        >>> asyncio.run(open_and_close())
        """
        await self._runner.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()
