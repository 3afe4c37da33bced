"""The documentation of settings matches the settings."""

import re

from coupon_core.settings.loader import DESCRIPTIONS
from tests.support.paths import PROJECT_ROOT

SETTINGS = PROJECT_ROOT.joinpath("docs/settings.md").read_text()


def test_every_setting_is_in_the_table_as_config_show_tells_it() -> None:
    rows = re.findall(r"^\| `([A-Z_]+)` \| (.*) \| (.*) ?\|$", SETTINGS, re.MULTILINE)
    documented = [(n, a.replace("`", ""), d.strip("` ")) for n, a, d in rows]
    assert documented == [tuple(row) for row in DESCRIPTIONS]
