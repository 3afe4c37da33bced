"""Carry out calls: the only code that differs between the two kinds of clients."""

from __future__ import annotations

import ssl
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Generator, Iterator
from contextlib import aclosing, closing
from dataclasses import replace
from functools import cache
from typing import Any, Self, TypeVar

import httpx2

from coupons_sdk.answers import Answer, read_answer
from coupons_sdk.deadlines import limit_connections
from coupons_sdk.errors import AnswerTooLarge, ConfigurationError
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
        client = kind(transport=transport, verify=verify, follow_redirects=False)
        limit_connections(client)
        return client
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
        exchange = Exchange(call, self.options, lambda content: content)
        return read_answer(call, self._send(exchange))

    def _send(self, exchange: Exchange, *, is_streamed: bool = False) -> Answer:
        while True:
            outcome = self._try(exchange, is_streamed)
            result = exchange.settle(outcome)
            if isinstance(result, Answer):
                return result
            time.sleep(result)

    def _try(self, exchange: Exchange, is_streamed: bool) -> Outcome:
        try:
            response = self._http.send(exchange.build_request(), stream=True)
            if is_streamed and response.is_success:
                return Answer(response)
            with closing(response):
                content = exchange.receive(response)
                for part in response.iter_bytes():
                    content.add(part)
        except (httpx2.RequestError, AnswerTooLarge) as error:
            return error
        return content.complete()

    def stream(self, call: Call[Any]) -> Iterator[bytes]:
        """Yield the parts of a file."""
        exchange = Exchange(call, self.options, lambda content: content)
        response, _ = self._send(exchange, is_streamed=True)
        exchange.deadline.restart()
        try:
            yield from exchange.deadline.apply_to_each(response.iter_bytes())
        except httpx2.RequestError as error:
            raise exchange.describe(error, is_part=True) from error
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
        exchange = Exchange(call, self.options, to_async)
        return read_answer(call, await self._send(exchange))

    async def _send(self, exchange: Exchange, *, is_streamed: bool = False) -> Answer:
        while True:
            outcome = await self._try(exchange, is_streamed)
            result = exchange.settle(outcome)
            if isinstance(result, Answer):
                return result
            await _sleep(result)

    async def _try(self, exchange: Exchange, is_streamed: bool) -> Outcome:
        try:
            response = await self._http.send(exchange.build_request(), stream=True)
            if is_streamed and response.is_success:
                return Answer(response)
            async with aclosing(response):
                content = exchange.receive(response)
                async for part in response.aiter_bytes():
                    content.add(part)
        except (httpx2.RequestError, AnswerTooLarge) as error:
            return error
        return content.complete()

    async def stream(self, call: Call[Any]) -> AsyncIterator[bytes]:
        """Yield the parts of a file."""
        exchange = Exchange(call, self.options, to_async)
        response, _ = await self._send(exchange, is_streamed=True)
        exchange.deadline.restart()
        try:
            async for part in response.aiter_bytes():
                yield part
                exchange.deadline.restart()
        except httpx2.RequestError as error:
            raise exchange.describe(error, is_part=True) from error
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
