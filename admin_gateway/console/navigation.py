"""The navigation: the pages that the role of the operator may see."""

from dataclasses import dataclass
from itertools import groupby
from typing import Any

from flask import g, request

from admin_gateway.console.page import VIEW_SCOPES, Page
from admin_gateway.console.pages import PAGES
from admin_gateway.console.rendering import url_for_page
from admin_gateway.console.texts import gettext
from coupon_core.domain.models import Principal
from coupon_core.domain.rules.scopes import find_missing_scopes


@dataclass(frozen=True, slots=True)
class Entry:
    """An entry of the navigation."""

    title: str
    url: str
    key: str
    is_current: bool


def list_navigation() -> list[tuple[str, list[Entry]]]:
    """Return the groups of the navigation with their entries."""
    principal = g.get("principal")
    if principal is None:
        return []
    shown = [page for page in PAGES if page.title and is_visible(page, principal)]
    return [
        (gettext(group) if group else "", [_build_entry(page) for page in pages])
        for group, pages in groupby(shown, key=lambda page: page.group)
    ]


def can(view: str) -> bool:
    """Return True if the operator may use a view, such as `api_keys.revoke`."""
    needed = VIEW_SCOPES[f"console.{view}"]
    return not find_missing_scopes(g.principal.scopes, {needed})


def find_url(view: str, **values: Any) -> str:
    """Return the path of a view, or "" if there is none or the role may not use it."""
    is_there = f"console.{view}" in VIEW_SCOPES and can(view)
    return url_for_page(view, **values) if is_there else ""


def is_visible(page: Page, principal: Principal) -> bool:
    """Return True if the role of the operator may see a page."""
    return not find_missing_scopes(principal.scopes, {page.scope})


def _build_entry(page: Page) -> Entry:
    return Entry(
        title=gettext(page.title),
        url=url_for_page(f"{page.name}.index"),
        key=page.key,
        is_current=(request.endpoint or "").startswith(f"console.{page.name}."),
    )
