"""Render templates, lead to other pages, and say what has happened."""

import secrets
from typing import Any

from flask import Response, current_app, flash, g, render_template, url_for

TOKEN_BYTES = 16


def render(template: str, **values: Any) -> str:
    """Return a page; `values` are the variables of its template."""
    return render_template(template, **values)


def render_progress(template: str, is_active: bool, **values: Any) -> Response:
    """Return the polled part of a page; at the end, htmx loads the whole page again.

    Otherwise the rest of the page would go on saying that the work has not ended.
    """
    page = render(template, is_active=is_active, **values)
    return Response(page, headers={} if is_active else {"HX-Refresh": "true"})


def url_for_page(endpoint: str, **values: Any) -> str:
    """Return the path of a view, such as `api_keys.index`, in the present tenant."""
    return url_for(f"console.{endpoint}", **values)


def redirect_to(path: str, notice: str = "") -> Response:
    """Lead to another page of the console, where a notice is shown."""
    if notice:
        flash(notice)
    return Response(status=303, headers={"Location": path})


def add_tenant(endpoint: str, values: dict[str, Any]) -> None:
    """Complete the path of a page with the tenant of the request."""
    is_expected = current_app.url_map.is_endpoint_expecting(endpoint, "tenant_id")
    if is_expected and "tenant_id" not in values and g.get("principal"):
        values["tenant_id"] = g.principal.tenant_id


def create_form_key() -> str:
    """Return a new key with which a form is processed once."""
    return secrets.token_urlsafe(TOKEN_BYTES)
