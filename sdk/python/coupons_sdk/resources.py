"""Methods that are written once, for the synchronous and the asynchronous client.

A method of a resource describes its request. Its decorator makes of it what the client
needs: a `Definitions[Sync]` returns the answer of `get`, a `Definitions[Async]` an
awaitable of it. Type checkers see the parameters and the result of both.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable
from functools import update_wrapper
from typing import Any, Concatenate, Generic, ParamSpec, TypeVar, cast, overload

from coupons_sdk.pages import AsyncPages, PageCall, Pages
from coupons_sdk.requests import Call
from coupons_sdk.runners import Script, SyncRunner
from coupons_sdk.streams import AsyncCsvStream, CsvStream

P = ParamSpec("P")
T = TypeVar("T")


class Sync:
    """The mode of clients that wait for each answer."""


class Async:
    """The mode of clients whose methods are awaited."""


Mode = TypeVar("Mode", Sync, Async)


class Resource(Generic[Mode]):
    """A group of methods of a client."""

    def __init__(self, runner: Any) -> None:
        self._runner = runner


class Method(ABC, Generic[P]):
    """A method that a decorator of this module has made."""

    def __init__(self, describe: Callable[Concatenate[Any, P], Any]) -> None:
        self.describe = describe
        update_wrapper(cast("Any", self), describe)

    def _bind(self, resource: Any) -> Callable[..., Any]:
        if resource is None:  # of the class: what help() shows
            return self.describe
        describe, execute = self.describe, self._find_executor(resource._runner)

        def method(*args: Any, **options: Any) -> Any:
            return execute(describe(resource, *args, **options))

        update_wrapper(method, describe)
        # Stored where it is found before this descriptor: binding it costs 2 µs.
        resource.__dict__[describe.__name__] = method
        return method

    @abstractmethod
    def _find_executor(self, runner: Any) -> Callable[[Any], Any]:
        """Return the function of a runner that carries out what is described."""


class operation(Method[P], Generic[P, T]):  # noqa: N801 - used as a decorator
    """Decorate a method that describes one request."""

    def __init__(self, describe: Callable[Concatenate[Any, P], Call[T]]) -> None:
        super().__init__(describe)

    @overload
    def __get__(self, resource: None, owner: Any) -> Callable[..., Any]: ...
    @overload
    def __get__(self, resource: Resource[Sync], owner: Any) -> Callable[P, T]: ...
    @overload
    def __get__(
        self, resource: Resource[Async], owner: Any
    ) -> Callable[P, Awaitable[T]]: ...
    def __get__(self, resource: Any, owner: Any) -> Any:
        return self._bind(resource)

    def _find_executor(self, runner: Any) -> Callable[[Any], Any]:
        execute: Callable[[Any], Any] = runner.run
        return execute


class scripted(Method[P], Generic[P, T]):  # noqa: N801
    """Decorate a method that yields several requests and pauses."""

    def __init__(self, describe: Callable[Concatenate[Any, P], Script[T]]) -> None:
        super().__init__(describe)

    @overload
    def __get__(self, resource: None, owner: Any) -> Callable[..., Any]: ...
    @overload
    def __get__(self, resource: Resource[Sync], owner: Any) -> Callable[P, T]: ...
    @overload
    def __get__(
        self, resource: Resource[Async], owner: Any
    ) -> Callable[P, Awaitable[T]]: ...
    def __get__(self, resource: Any, owner: Any) -> Any:
        return self._bind(resource)

    def _find_executor(self, runner: Any) -> Callable[[Any], Any]:
        execute: Callable[[Any], Any] = runner.run_script
        return execute


class paged(Method[P], Generic[P, T]):  # noqa: N801
    """Decorate a method that describes a list; nothing is sent until it is read."""

    def __init__(self, describe: Callable[Concatenate[Any, P], PageCall[T]]) -> None:
        super().__init__(describe)

    @overload
    def __get__(self, resource: None, owner: Any) -> Callable[..., Any]: ...
    @overload
    def __get__(
        self, resource: Resource[Sync], owner: Any
    ) -> Callable[P, Pages[T]]: ...
    @overload
    def __get__(
        self, resource: Resource[Async], owner: Any
    ) -> Callable[P, AsyncPages[T]]: ...
    def __get__(self, resource: Any, owner: Any) -> Any:
        return self._bind(resource)

    def _find_executor(self, runner: Any) -> Callable[[Any], Any]:
        kind: Any = Pages if isinstance(runner, SyncRunner) else AsyncPages
        return lambda call: kind(call, runner)


class streamed(Method[P]):  # noqa: N801
    """Decorate a method that describes a CSV download; it starts when it is read."""

    @overload
    def __get__(self, resource: None, owner: Any) -> Callable[..., Any]: ...
    @overload
    def __get__(
        self, resource: Resource[Sync], owner: Any
    ) -> Callable[P, CsvStream]: ...
    @overload
    def __get__(
        self, resource: Resource[Async], owner: Any
    ) -> Callable[P, AsyncCsvStream]: ...
    def __get__(self, resource: Any, owner: Any) -> Any:
        return self._bind(resource)

    def _find_executor(self, runner: Any) -> Callable[[Any], Any]:
        kind: Any = CsvStream if isinstance(runner, SyncRunner) else AsyncCsvStream
        return lambda call: kind(call, runner)
