"""Dashboards and alerts: every expression is parsed, and every alert is tested."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import yaml

from tests.deploy.chart import render_chart
from tests.deploy.items import DEPLOY, TOOLS_BIN, CheckFailed, Item, run_tool
from tests.support.paths import PROJECT_ROOT

ALERTS = DEPLOY / "observability" / "alerts.yml"
DASHBOARDS = DEPLOY / "observability" / "dashboards"
ALERT_CASES = Path(__file__).with_name("alert_cases.yml")
# Grafana replaces them before it asks Prometheus.
VARIABLES = {"$__rate_interval": "5m", "$job": "coupons", "$tenant": ".*"}
SELECTOR = re.compile(r"\b(coupons_\w+|up)\b(?:\{([^}]*)\})?")
LABEL = re.compile(r"(\w+)\s*(?:=~|!~|!=|=)")
GROUPING = re.compile(r"\b(?:by|on|without|ignoring)\s*\(([^)]*)\)")
# What Prometheus and its operator add to every series.
TARGET_LABELS = {"job", "instance", "namespace", "pod"}


def load_alerts() -> list[dict[str, Any]]:
    """Return the alert rules."""
    groups = yaml.safe_load(ALERTS.read_text())["groups"]
    return [rule for group in groups for rule in group["rules"]]


def load_dashboards() -> dict[str, dict[str, Any]]:
    """Return the dashboards by the name of their file."""
    return {
        path.stem: json.loads(path.read_text())
        for path in sorted(DASHBOARDS.glob("*.json"))
    }


def list_expressions() -> dict[str, str]:
    """Return the expressions of all alerts and panels, by where they are."""
    expressions = {rule["alert"]: rule["expr"] for rule in load_alerts()}
    for name, dashboard in load_dashboards().items():
        for panel in dashboard["panels"]:
            for target in panel["targets"]:
                place = f"{name}.json, panel {panel['id']}{target['refId']}"
                expressions[place] = _replace_variables(target["expr"])
    return expressions


def _replace_variables(expression: str) -> str:
    for variable, value in VARIABLES.items():
        expression = expression.replace(variable, value)
    return expression


def find_used_series(expression: str) -> Iterator[tuple[str, set[str]]]:
    """Yield the metrics of an expression, and the labels that it selects each by."""
    for name, matchers in SELECTOR.findall(expression):
        if name != "up":
            yield name, set(LABEL.findall(matchers)) - TARGET_LABELS


def find_grouping_labels(expression: str) -> set[str]:
    """Return the labels by which an expression groups or joins."""
    groups = GROUPING.findall(expression)
    labels = {label.strip() for group in groups for label in group.split(",")}
    return labels - TARGET_LABELS - {"le"}


def parse_expressions() -> str:
    """Parse all expressions with promtool, those of the chart as well."""
    expressions = list_expressions()
    known = {
        name for each in expressions.values() for name, _ in find_used_series(each)
    }
    for each in render_chart()["everything"]:
        if each["kind"] == "ScaledObject":
            query = each["spec"]["triggers"][0]["metadata"]["query"]
            expressions[f"ScaledObject {each['metadata']['name']}"] = query
            for name, _ in find_used_series(query):
                if name not in known:
                    raise CheckFailed(f"{query}: no dashboard or alert has {name}")
    rules = [
        {
            "record": f"expression_{index}",
            "expr": expression,
            "labels": {"place": place},
        }
        for index, (place, expression) in enumerate(expressions.items())
    ]
    with TemporaryDirectory() as directory:
        file = Path(directory) / "expressions.yml"
        file.write_text(yaml.safe_dump({"groups": [{"name": "all", "rules": rules}]}))
        run_tool("promtool", "check", "rules", "--lint-fatal", file)
    return f"{len(expressions)} expressions"


def check_alerts() -> str:
    """Check the alert rules, and run their cases."""
    run_tool("promtool", "check", "rules", "--lint-fatal", ALERTS)
    run_tool("promtool", "test", "rules", ALERT_CASES)
    return f"{len(load_alerts())} alerts"


def check_idle_panels() -> str:
    """Check that no panel shows NaN while nothing happens."""
    healthy = yaml.safe_load(ALERT_CASES.read_text())["tests"][0]["input_series"]
    idle = [
        {
            "series": one["series"],
            "values": re.sub(r"^\d+(\+\d+)?x", "5x", one["values"]),
        }
        for one in healthy
    ]
    expressions = [f"({one}) != ({one})" for one in list_expressions().values()]
    cases = [{"expr": one, "eval_time": "60m"} for one in expressions]
    test = {"interval": "1m", "input_series": idle, "promql_expr_test": cases}
    with TemporaryDirectory() as directory:
        file = Path(directory) / "idle.yml"
        file.write_text(yaml.safe_dump({"tests": [test]}))
        run_tool("promtool", "test", "rules", file)
    return f"{len(cases)} expressions"


def check_metrics() -> str:
    """Compare all expressions with the metrics of a running installation."""
    return _run_tests("test_metrics.py", "-k", "dashboards or rare")


def check_traces() -> str:
    """Follow a trace through a running installation that has the extra `otel`."""
    # The locks agree on versions, so only OpenTelemetry is added.
    (packages,) = TOOLS_BIN.parent.glob("lib/python*/site-packages")
    return _run_tests("test_tracing.py", packages=str(packages))


def _run_tests(*arguments: str, packages: str = "") -> str:
    test = PROJECT_ROOT / "tests/coupon_core/observability" / arguments[0]
    command = (sys.executable, "-m", "pytest", "-q", "-n", "0", test, *arguments[1:])
    output = run_tool(*command, environment={"PYTHONPATH": packages})
    return output.strip().splitlines()[-1]


ITEMS = (
    Item("alert rules", ("promtool",), check_alerts),
    Item("expressions", ("promtool", "kubernetes-validate"), parse_expressions),
    Item("idle panels", ("promtool",), check_idle_panels),
    Item("metrics", (), check_metrics),
    Item("traces", ("kubernetes-validate",), check_traces),
)
