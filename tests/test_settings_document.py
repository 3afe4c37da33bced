"""The documentation of settings matches the settings."""

import re

import pytest

from coupon_core.settings.loader import DESCRIPTIONS
from coupon_core.settings.model import VARIABLES
from tests.support.paths import PROJECT_ROOT

EXAMPLES = re.findall(
    r"^([A-Z_]+)='(.+)'$",
    PROJECT_ROOT.joinpath("docs/scaling.md").read_text(),
    re.MULTILINE,
)
SETTINGS = PROJECT_ROOT.joinpath("docs/settings.md").read_text()


def test_every_setting_is_in_the_table_as_config_show_tells_it() -> None:
    rows = re.findall(r"^\| `([A-Z_]+)` \| (.*) \| (.*) ?\|$", SETTINGS, re.MULTILINE)
    documented = [(n, a.replace("`", ""), d.strip("` ")) for n, a, d in rows]
    assert documented == [tuple(row) for row in DESCRIPTIONS]


@pytest.mark.parametrize(
    ("name", "value"), EXAMPLES, ids=[name for name, _ in EXAMPLES]
)
def test_the_settings_of_a_cluster_are_accepted(name: str, value: str) -> None:
    checks = {each.name: each.validate for each in VARIABLES.values()}
    assert checks[name](value) is None
