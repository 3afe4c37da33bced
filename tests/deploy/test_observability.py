"""What needs no tool: each alert is tested and documented, and the chart is current."""

from __future__ import annotations

import re

import yaml

from coupon_core.release import RELEASE
from tests.deploy.chart import CHART
from tests.deploy.observability import ALERT_CASES, load_alerts, load_dashboards
from tests.support.paths import PROJECT_ROOT

RUNBOOK = PROJECT_ROOT / "docs" / "operations" / "monitoring.md"


def test_each_alert_has_a_row_in_the_runbook_and_a_case_in_which_it_fires() -> None:
    names = [rule["alert"] for rule in load_alerts()]
    assert len(names) == len(set(names)) > 10
    assert re.findall(r"^\| `(Coupons\w+)` \|", RUNBOOK.read_text(), re.M) == names
    cases = yaml.safe_load(ALERT_CASES.read_text())["tests"]
    fired = {
        test["alertname"]
        for case in cases
        for test in case.get("alert_rule_test", ())
        if test.get("exp_alerts")
    }
    assert fired == set(names)


def test_each_alert_has_a_severity_and_a_summary() -> None:
    for rule in load_alerts():
        assert rule["labels"]["severity"] in ("critical", "warning"), rule["alert"]
        assert rule["annotations"]["summary"], rule["alert"]


def test_dashboards_can_be_imported_together() -> None:
    dashboards = load_dashboards()
    assert list(dashboards) == ["business", "gateways", "workers"]
    assert len({each["uid"] for each in dashboards.values()}) == len(dashboards)
    for name, dashboard in dashboards.items():
        variables = {each["name"] for each in dashboard["templating"]["list"]}
        text = yaml.safe_dump(dashboard["panels"])
        used = set(re.findall(r"\$\{?([a-z]\w*)", text))
        assert used == variables, name
        panels = dashboard["panels"]
        assert len({panel["id"] for panel in panels}) == len(panels), name
        cells = [
            (x, y)
            for place in (panel["gridPos"] for panel in panels)
            for x in range(place["x"], place["x"] + place["w"])
            for y in range(place["y"], place["y"] + place["h"])
        ]
        assert len(cells) == len(set(cells)), f"{name}: panels overlap"
        assert max(x for x, _ in cells) < 24, name


def test_the_chart_installs_the_release_of_this_tree() -> None:
    about = yaml.safe_load((CHART / "Chart.yaml").read_text())
    assert about["appVersion"] == RELEASE
