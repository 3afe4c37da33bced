"""A browser without scripts for the console: cookies, forms, redirects."""

from __future__ import annotations

from dataclasses import dataclass, field
from html.parser import HTMLParser

from flask import Flask
from werkzeug.test import TestResponse

from coupon_core.domain.models import utc_now
from coupon_core.domain.models.operators import Role
from coupon_core.services.operators import links
from tests.support.admin_client import AdminClient

PASSWORD = "correct horse battery"
UNLISTED = {"submit", "button"}


class FormReader(HTMLParser):
    """Collects the forms of a page: action, method and the values of their fields."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.forms: list[dict[str, object]] = []
        self.feed(page)

    def handle_starttag(
        self, tag: str, attributes: list[tuple[str, str | None]]
    ) -> None:
        """Open a form, or add a field to the last one."""
        values = dict(attributes)
        if tag == "form":
            self.forms.append({**values, "fields": {}})
            return
        is_box = values.get("type") in ("checkbox", "radio")
        if tag == "input" and "name" in values and not is_box:
            self.forms[-1]["fields"][values["name"]] = values.get("value") or ""


@dataclass
class Browser:
    """A browser that is signed in, or not yet."""

    app: Flask
    path: str = "/console"
    page: str = ""
    headers: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.client = self.app.test_client()

    def open(self, path: str, **options: object) -> TestResponse:
        """Open a page and follow redirects; return the last response."""
        response = self.client.get(path, headers=self.headers, **options)
        return self._follow(path, response)

    def find_form(self, action: str = "") -> dict[str, object]:
        """Return the form of the page whose action ends so."""
        forms = FormReader(self.page).forms
        found = [one for one in forms if str(one.get("action", "")).endswith(action)]
        assert found, (action, self.page)
        return found[-1]

    def submit(
        self, action: str = "", follow: bool = True, **values: object
    ) -> TestResponse:
        """Fill in a form of the page and submit it; follow redirects."""
        form = self.find_form(action)
        path = str(form.get("action") or self.path)
        fields = {**form["fields"], **values}
        response = self.client.post(path, data=fields, headers=self.headers)
        return self._follow(path, response) if follow else response

    def _follow(self, path: str, response: TestResponse) -> TestResponse:
        while response.status_code == 303:
            path = response.headers["Location"]
            assert path.startswith("/console"), path
            response = self.client.get(path, headers=self.headers)
        self.path, self.page = path, response.text
        return response


def invite(tenant_id: str, role: Role, email: str) -> str:
    """Return the path of a one-time link."""
    _, token = links.invite(tenant_id, email, role, utc_now())
    return f"/console/invitations/{token}"


def sign_in_as(
    admin: AdminClient, role: Role, email: str = "", tenant_id: str = ""
) -> Browser:
    """Return the browser of a new operator of the tenant, signed in by a link."""
    tenant_id = tenant_id or admin.tenant_id
    browser = Browser(admin.app)
    browser.open(invite(tenant_id, role, email or f"{role}@{tenant_id}.example"))
    response = browser.submit(password=PASSWORD, repeated_password=PASSWORD)
    assert response.status_code == 200, response.text
    return browser
