"""A page of the console: its place, its views, and the scope that each view needs."""

from collections.abc import Callable
from typing import Any, TypeVar

from flask import Blueprint

from admin_gateway.authentication import get_required_scope
from coupon_core.domain.models import Scope

View = TypeVar("View", bound=Callable[..., Any])
TENANT_PREFIX = "/t/<tenant_id>"
INTEGER_ID = "int(max=9007199254740991)"
"""The converter of IDs that are integers: up to the largest safe one of JavaScript."""
# Read by the hooks of the console, by endpoint.
VIEW_SCOPES: dict[str, Scope] = {}
"""The scope that each view needs."""
MIRRORED_VIEWS: dict[str, str] = {}
"""The view of the API that a view mirrors, by endpoint."""


class Page(Blueprint):
    """A page of a tenant: a module with views, listed in `pages.PAGES`.

    Its path is `/console/t/TENANT/{path}`, its templates are in `templates/{name}/`,
    and `title` is its entry in the navigation, below `group`. The view `index` is where
    that entry leads, and the keys `g` and `key`.
    """

    def __init__(
        self, name: str, *, title: str, path: str, group: str = "", key: str = ""
    ) -> None:
        super().__init__(name, __name__, url_prefix=f"{TENANT_PREFIX}{path}")
        self.title = title
        self.group = group
        self.key = key

    @property
    def index_endpoint(self) -> str:
        """The endpoint of the view that the navigation leads to."""
        return f"console.{self.name}.index"

    @property
    def scope(self) -> Scope:
        """The scope without which the navigation does not show the page."""
        return VIEW_SCOPES[self.index_endpoint]

    def view(
        self,
        rule: str,
        *,
        method: str = "GET",
        mirrors: str = "",
        scope: Scope | None = None,
    ) -> Callable[[View], View]:
        """Register a view that needs the scope of the API's view that it mirrors.

        `mirrors` is the endpoint of that view, such as `api_keys.create`. A view that
        mirrors none names its `scope`.
        """
        needed = get_required_scope(mirrors, method) if mirrors else scope
        if needed is None:
            raise ValueError(f"{self.name}{rule} needs a scope or a view to mirror.")

        def register(view: View) -> View:
            endpoint = f"console.{self.name}.{view.__name__}"
            VIEW_SCOPES[endpoint] = needed
            MIRRORED_VIEWS[endpoint] = mirrors
            self.add_url_rule(rule, view.__name__, view, methods=[method])
            return view

        return register
