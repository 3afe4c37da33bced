"""The OpenAPI documents in the repository are those that the gateways serve."""

from __future__ import annotations

import json

import pytest

from tests.sdk.openapi import APPS, read_document
from tests.sdk.typescript.openapi_files import get_path


@pytest.mark.parametrize("api", APPS)
def test_the_document_is_the_one_that_is_served(api: str) -> None:
    stored = json.loads(get_path(api).read_text())
    assert stored == read_document(api), "run `make sdk-openapi` and commit the files"
