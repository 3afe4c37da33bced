"""Workers on a database of a module's tests."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from coupon_core.persistence import database
from coupon_core.settings.loader import Settings
from tests.cores import started
from tests.databases import Databases
from tests.settings import settings_for
from tests.shop import Shop, new_shop


@pytest.fixture(scope="module")
def core(
    migrated_template: Databases, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Settings]:
    """The core at work on a database that the tests of a module share."""
    directory = tmp_path_factory.mktemp("core")
    with migrated_template.fresh() as url, started(settings_for(url, directory)) as one:
        yield one


@pytest.fixture
def shop(core: Settings) -> Iterator[Shop]:
    """A tenant of the test's own."""
    yield new_shop()
    database.release()
