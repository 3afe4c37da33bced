"""The OpenAPI documents in the repository are those that the gateways serve."""

from __future__ import annotations

import pytest

from tests.sdk.openapi import read_document
from tests.sdk.typescript.openapi_files import APPS, serve_document


@pytest.mark.parametrize("api", APPS)
def test_the_document_is_the_one_that_is_served(api: str) -> None:
    served = serve_document(api)
    assert read_document(api) == served, "run `make sdk-openapi` and commit the files"
