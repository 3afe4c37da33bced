"""Every form of the console with the inputs that the tests of the API have."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import unescape
from itertools import count
from typing import NamedTuple

import pytest
from werkzeug.test import TestResponse

from admin_gateway.console.page import VIEW_SCOPES
from coupon_core.domain.models.operators import Role
from coupon_core.persistence import database
from coupon_core.web.idempotency import IDEMPOTENT_MARK
from tests.admin_gateway.console.site import create_site
from tests.support.admin_client import AdminClient
from tests.support.console_client import Browser, sign_in_as
from tests.support.console_crawler import Crawler
from tests.support.console_forms import (
    PageForm,
    Pair,
    choose_options,
    read_page_forms,
    replace,
)
from tests.support.console_inputs import ALL_TEXTS, list_refused_texts
from tests.support.sweeps import choose_pairs

HOME = "/console/t/acme"
KEY, CREATE_REWARD = "idempotency_key", "console.rewards.create"
VALUES = re.compile(r'<(?:input|textarea)[^>]*?(?: value="([^"]*)")?[^>]*>\n?([^<]*)')
MARKED = "Please correct the marked fields."
FORMS_WITH_FIELDS = 20  # at least; a form that is not found is not tested
_numbers = count()


class FoundForm(NamedTuple):
    """A form, and the path that it goes to."""

    endpoint: str
    path: str
    form: PageForm


class Site(NamedTuple):
    """The forms of a tenant with something of every kind, and who submits them."""

    browser: Browser
    token: str
    forms: list[FoundForm]

    def submit_new(self, found: FoundForm, pairs: list[Pair]) -> TestResponse:
        """Submit a form that has not been submitted before."""
        return self.submit(found, replace(pairs, KEY, f"new-{next(_numbers)}"))

    def submit(self, found: FoundForm, pairs: list[Pair]) -> TestResponse:
        """Submit a form."""
        data: dict[str, list[str]] = {}
        for name, value in pairs:
            data.setdefault(name, []).append(value)
        data["csrf_token"] = [self.token]
        kind = "multipart/form-data" if found.form.is_upload else None
        return self.browser.client.post(found.path, data=data, content_type=kind)


@pytest.fixture(scope="module")
def found_forms(sqlite_admin: AdminClient) -> list[FoundForm]:
    """Return the forms on the pages of a tenant with something of every kind."""
    create_site(sqlite_admin)
    return list(find_forms(sign_in_as(sqlite_admin, Role.OWNER)))


@pytest.fixture
def site(sqlite_admin: AdminClient, found_forms: list[FoundForm]) -> Site:
    """Return the forms, and an owner whom none of them disables."""
    email = f"{next(_numbers)}@acme.example"
    browser = sign_in_as(sqlite_admin, Role.OWNER, email)
    token = str(browser.find_form("/sign-out")["fields"]["csrf_token"])
    return Site(browser, token, found_forms)


def find_forms(browser: Browser) -> Iterator[FoundForm]:
    """Yield a form of each view that takes one."""
    adapter = browser.app.url_map.bind("localhost")
    seen = set()
    for path, _endpoint, response in Crawler(browser, HOME, has_csv=False).find_pages():
        is_page = response.mimetype == "text/html"
        for form in read_page_forms(response.text) if is_page else ():
            action = form.action or path
            if form.method != "post":
                continue
            endpoint, _ = adapter.match(action.partition("?")[0], "POST")
            if endpoint not in seen and endpoint in VIEW_SCOPES:
                seen.add(endpoint)
                yield FoundForm(endpoint, action, form)


def count_changes() -> int:
    """Return the length of the audit log, in which every change is recorded."""
    ((entries,),) = database.execute("SELECT count(*) FROM audit_entry", {}).fetchall()
    database.release_connection()
    return int(entries)


def test_a_text_in_all_fields_is_never_an_error_of_the_server(
    site: Site, pytestconfig: pytest.Config
) -> None:
    forms = [found for found in site.forms if found.form.names]
    assert len(forms) > FORMS_WITH_FIELDS
    for found, text in choose_pairs(pytestconfig, forms, ALL_TEXTS, share=4):
        pairs = found.form.pairs
        for name in found.form.names:
            pairs = replace(pairs, name, text)
        before = count_changes()
        response = site.submit_new(found, pairs)
        where = found.endpoint, text
        assert response.status_code < 500, where
        if response.status_code >= 400:
            assert count_changes() == before, where
            assert 'class="problem"' in response.text, where
            marks = response.text.count('class="problem"')
            assert MARKED not in response.text or marks > 1, where


def test_what_the_api_refuses_is_refused_beside_the_field(site: Site) -> None:
    checked, wrong = 0, []
    for found in site.forms:
        chosen = replace(choose_options(found.form), "count", "1")
        for name in found.form.names:
            for text in list_refused_texts(name):
                before = count_changes()
                response = site.submit_new(found, replace(chosen, name, text))
                page = unescape(response.text)
                is_choice = name in found.form.options
                is_right = (
                    response.status_code == 400
                    and count_changes() == before
                    and f'id="{name}-error"' in page
                    and (is_choice or text in page)
                )
                checked += 1
                if not is_right:
                    wrong.append((found.endpoint, name, text, response.status_code))
    assert wrong == []
    assert checked > 100


def test_an_old_form_does_nothing_twice_and_says_so(site: Site) -> None:
    """The back button shows the form with its key again."""
    created = 0
    for found in site.forms:
        pairs = replace(choose_options(found.form), KEY, f"old-{next(_numbers)}")
        first = site.submit(found, pairs)
        before = count_changes()
        again = site.submit(found, pairs)
        assert count_changes() == before, found.endpoint
        assert again.status_code == first.status_code, found.endpoint
        if first.status_code == 303:
            created += 1
            assert again.headers["Location"] == first.headers["Location"]
            page = site.browser.open(again.headers["Location"]).text
            view = site.browser.app.view_functions[found.endpoint]
            # A test of a webhook, for example, changes nothing and may be repeated.
            is_once = hasattr(view, IDEMPOTENT_MARK)
            assert ("submitted already" in page) == is_once, found.endpoint
    assert created > 10


def test_an_old_form_with_other_values_does_nothing_and_says_so(site: Site) -> None:
    (found,) = [each for each in site.forms if each.endpoint == CREATE_REWARD]
    key = f"old-{next(_numbers)}"
    for name, status in ("Box", 303), ("Bag", 422):
        pairs = replace(found.form.pairs, "name", name)
        pairs = replace(replace(pairs, "reward_type", "x"), KEY, key)
        before = count_changes()
        response = site.submit(found, pairs)
        assert response.status_code == status
        assert (count_changes() > before) == (status == 303)
    assert "It was submitted before with other values" in response.text
    assert "Idempotency-Key" not in response.text
