"""Lists of the server, read page by page."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Generic, TypeVar

from coupons_sdk.documents import Document
from coupons_sdk.requests import Call, Code, request
from coupons_sdk.runners import AsyncRunner, SyncRunner

T = TypeVar("T")
D = TypeVar("D", bound=Document)


@dataclass(frozen=True)
class Page(Generic[T]):
    """One page of a list.

    `total` counts all matches; lists that continue by `next` have none. `unknown` are
    the members that this version of the SDK does not know.

    >>> page = admin.api_keys.list(limit=1).page()
    >>> len(page.items), page.unknown
    (1, {})
    """

    items: tuple[T, ...]
    total: int | None = None
    next: str | None = None
    has_more: bool | None = None
    unknown: Mapping[str, Any] = field(default_factory=dict, repr=False)


@dataclass(frozen=True)
class PageCall(Generic[T]):
    """How the pages of a list are requested: by `offset`, or from a `cursor`."""

    kind: type[T]
    member: str  # the member of the answer that has the items
    path: tuple[str | int | Code, ...]
    query: Mapping[str, Any]

    def describe(self) -> Call[Page[T]]:
        """Return the request of the page."""
        return request("GET", self._parse, self.path, query=self.query)

    def _parse(self, raw: Any) -> Page[T]:
        if not isinstance(raw, dict) or not isinstance(raw.get(self.member), list):
            raise ValueError(f"not a list of {self.member}")
        known = {self.member, "total", "next", "has_more"}
        return Page(
            items=tuple(map(self.kind.from_json, raw[self.member])),  # type: ignore[attr-defined]
            total=raw.get("total"),
            next=raw.get("next"),
            has_more=raw.get("has_more"),
            unknown={name: raw[name] for name in raw.keys() - known},
        )

    def find_next(self, page: Page[T]) -> PageCall[T] | None:
        """Return how the page after this one is requested; None if it is the last."""
        if page.total is None:
            if not page.next:
                return None
            return self.at(None, page.next)
        end = (self.query.get("offset") or 0) + len(page.items)
        if not page.items or end >= page.total:
            return None
        return self.at(end, None)

    def at(self, offset: int | None, cursor: str | None) -> PageCall[T]:
        """Return how another page is requested."""
        position = {"offset": offset, "cursor": cursor}
        return replace(self, query={**self.query, **position})


class Pages(Generic[T]):
    """A list: iterate over its items, over its `pages()`, or get the first `page()`.

    Each iteration reads the list from the beginning.

    >>> admin.api_keys.get_own().name in [key.name for key in admin.api_keys.list()]
    True
    """

    def __init__(self, call: PageCall[T], runner: SyncRunner) -> None:
        self._call, self._runner = call, runner

    def page(self, *, offset: int | None = None, cursor: str | None = None) -> Page[T]:
        """Return the first page, or the one at an offset or cursor (`Page.next`).

        >>> len(admin.api_keys.list(limit=1).page(offset=0).items)
        1
        """
        return self._runner.run(self._call.at(offset, cursor).describe())

    def pages(self) -> Iterator[Page[T]]:
        """Yield the pages, each with up to `limit` items.

        >>> {len(page.items) for page in admin.api_keys.list(limit=1).pages()}
        {1}
        """
        call: PageCall[T] | None = self._call
        while call:
            page = self._runner.run(call.describe())
            yield page
            call = call.find_next(page)

    def __iter__(self) -> Iterator[T]:
        for page in self.pages():
            yield from page.items


class AsyncPages(Generic[T]):
    """A list, as Pages, for `async for`.

    >>> async def list_codes():
    ...     credential = Hmac(tenant_id, tenant_secret)
    ...     async with AsyncCoupons(query_url, credential) as client:
    ...         return [coupon.code async for coupon in client.list("zoe")]
    >>> asyncio.run(list_codes())
    []
    """

    def __init__(self, call: PageCall[T], runner: AsyncRunner) -> None:
        self._call, self._runner = call, runner

    async def page(
        self, *, offset: int | None = None, cursor: str | None = None
    ) -> Page[T]:
        """Return the first page, or the one at an offset or cursor (`Page.next`).

        >>> async def count():
        ...     credential = Hmac(tenant_id, tenant_secret)
        ...     async with AsyncCoupons(query_url, credential) as client:
        ...         return (await client.list("zoe").page()).total
        >>> asyncio.run(count())
        0
        """
        return await self._runner.run(self._call.at(offset, cursor).describe())

    async def pages(self) -> AsyncIterator[Page[T]]:
        """Yield the pages, each with up to `limit` items.

        >>> async def count_pages():
        ...     credential = Hmac(tenant_id, tenant_secret)
        ...     async with AsyncCoupons(query_url, credential) as client:
        ...         return len([page async for page in client.list("zoe").pages()])
        >>> asyncio.run(count_pages())
        1
        """
        call: PageCall[T] | None = self._call
        while call:
            page = await self._runner.run(call.describe())
            yield page
            call = call.find_next(page)

    async def __aiter__(self) -> AsyncIterator[T]:
        async for page in self.pages():
            for item in page.items:
                yield item
