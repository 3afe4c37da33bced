"""Carry out calls: the only code that differs between the two kinds of clients."""

from __future__ import annotations

import ssl
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Generator, Iterator
from dataclasses import replace
from functools import cache
from typing import Any, Self, TypeVar

import httpx2

from coupons_sdk.answers import describe_failure, read_answer
from coupons_sdk.errors import ConfigurationError
from coupons_sdk.exchange import Exchange, Outcome
from coupons_sdk.options import Options
from coupons_sdk.requests import Call
from coupons_sdk.uploads import to_async

T = TypeVar("T")
H = TypeVar("H", httpx2.Client, httpx2.AsyncClient)
# Several calls: it yields calls and pauses in seconds, and gets the answers of calls.
Script = Generator[Call[Any] | float, Any, T]


# All clients of a process share it: it takes 20 ms of CPU to read the authorities.
@cache
def _get_ssl_context() -> ssl.SSLContext:
    return httpx2.create_ssl_context()


def _create_http(kind: Callable[..., H], transport: Any) -> H:
    # A transport has certificates and proxies of its own.
    try:
        verify = _get_ssl_context() if transport is None else True
        return kind(transport=transport, verify=verify, follow_redirects=False)
    except (OSError, ImportError) as error:
        reason = f" ({error})"
    except (ValueError, httpx2.InvalidURL):  # their texts repeat parts of the URL
        reason = ""
    raise ConfigurationError(
        f"The proxy or the certificates of the environment cannot be used{reason}. "
        "Correct HTTP_PROXY, HTTPS_PROXY and ALL_PROXY, or SSL_CERT_FILE and "
        "SSL_CERT_DIR."
    )


class SyncRunner:
    """Send requests one after the other, and wait for each."""

    def __init__(
        self, options: Options, transport: httpx2.BaseTransport | None
    ) -> None:
        self.options = options
        self._http = _create_http(httpx2.Client, transport)
        self.close = self._http.close

    def with_options(self, **changes: Any) -> Self:
        """Return a runner with other options on the same connections."""
        return _copy_with_options(self, changes)

    def run(self, call: Call[T]) -> T:
        """Return the answer of a call."""
        return read_answer(call, self.send(call))

    def send(self, call: Call[Any], *, is_streamed: bool = False) -> httpx2.Response:
        """Return the response of a call, with its body unless it is streamed."""
        exchange = Exchange(call, self.options, lambda content: content)
        while True:
            result = exchange.settle(self._try(exchange.build_request(), is_streamed))
            if isinstance(result, httpx2.Response):
                return result
            time.sleep(result)

    def _try(self, request: httpx2.Request, is_streamed: bool) -> Outcome:
        try:
            response = self._http.send(request, stream=is_streamed)
            if not response.is_success:
                response.read()
        except httpx2.RequestError as error:
            return error
        return response

    def stream(self, call: Call[Any]) -> Iterator[bytes]:
        """Yield the chunks of a body."""
        response = self.send(call, is_streamed=True)
        try:
            yield from response.iter_bytes()
        except httpx2.RequestError as error:
            raise describe_failure(error, call) from error
        finally:
            response.close()

    def run_script(self, script: Script[T]) -> T:
        """Return the result of several calls."""
        answer = None
        while True:
            try:
                step = script.send(answer)
            except StopIteration as end:
                result: T = end.value
                return result
            answer = None
            if isinstance(step, Call):
                answer = self.run(step)
            else:
                time.sleep(step)


class AsyncRunner:
    """Send requests without blocking the event loop (asyncio or trio)."""

    def __init__(
        self, options: Options, transport: httpx2.AsyncBaseTransport | None
    ) -> None:
        self.options = options
        self._http = _create_http(httpx2.AsyncClient, transport)
        self.close: Callable[[], Awaitable[None]] = self._http.aclose

    def with_options(self, **changes: Any) -> Self:
        """Return a runner with other options on the same connections."""
        return _copy_with_options(self, changes)

    async def run(self, call: Call[T]) -> T:
        """Return the answer of a call."""
        return read_answer(call, await self.send(call))

    async def send(
        self, call: Call[Any], *, is_streamed: bool = False
    ) -> httpx2.Response:
        """Return the response of a call, with its body unless it is streamed."""
        exchange = Exchange(call, self.options, to_async)
        while True:
            outcome = await self._try(exchange.build_request(), is_streamed)
            result = exchange.settle(outcome)
            if isinstance(result, httpx2.Response):
                return result
            await _sleep(result)

    async def _try(self, request: httpx2.Request, is_streamed: bool) -> Outcome:
        try:
            response = await self._http.send(request, stream=is_streamed)
            if not response.is_success:
                await response.aread()
        except httpx2.RequestError as error:
            return error
        return response

    async def stream(self, call: Call[Any]) -> AsyncIterator[bytes]:
        """Yield the chunks of a body."""
        response = await self.send(call, is_streamed=True)
        try:
            async for chunk in response.aiter_bytes():
                yield chunk
        except httpx2.RequestError as error:
            raise describe_failure(error, call) from error
        finally:
            await response.aclose()

    async def run_script(self, script: Script[T]) -> T:
        """Return the result of several calls."""
        answer = None
        while True:
            try:
                step = script.send(answer)
            except StopIteration as end:
                result: T = end.value
                return result
            answer = None
            if isinstance(step, Call):
                answer = await self.run(step)
            else:
                await _sleep(step)


async def _sleep(seconds: float) -> None:
    import anyio  # by httpx2; it supports trio as well as asyncio

    await anyio.sleep(seconds)


R = TypeVar("R", bound="SyncRunner | AsyncRunner")


def _copy_with_options(runner: R, changes: dict[str, Any]) -> R:
    copy = object.__new__(type(runner))
    copy.__dict__.update(runner.__dict__, options=replace(runner.options, **changes))
    return copy
