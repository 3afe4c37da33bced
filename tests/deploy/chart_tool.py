"""Run by the Python of .venv-deploy: lint, render and validate the Helm chart.

It reads `{"chart", "valid", "refused", "releases"}` from CHART_TASK: values by the name
of the case, and the name of the release of each valid one. It writes the rendered
objects of each valid case to stdout.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any

import helm_python as helm
import jsonschema
import kubernetes_validate
import yaml

# The oldest release that Chart.yaml admits, and the newest one that has schemas here.
KUBERNETES_VERSIONS = ("1.27", kubernetes_validate.latest_version())
INFO = 1
SCHEMAS = {
    path.stem: json.loads(path.read_text())
    for path in (Path(__file__).parent / "schemas").glob("*.json")
}


def render(chart: str, values: dict[str, Any], release: str) -> list[dict[str, Any]]:
    """Return the objects of the chart, each valid for both releases of Kubernetes."""
    for version in KUBERNETES_VERSIONS:
        report = helm.lint(chart, values, strict=True, kube_version=f"v{version}.0")
        findings = [each for each in report["messages"] if each["severity"] > INFO]
        if findings or report["errors"]:
            raise SystemExit(f"helm lint: {findings} {report['errors']}")
    with helm.Chart.load(chart) as loaded:
        loaded.validate_schema(values)
        manifests = loaded.render(values, name=release, namespace="shop")
    objects = [
        each
        for path, text in manifests.items()
        if not path.endswith("NOTES.txt")
        for each in yaml.safe_load_all(text)
        if each
    ]
    for each in objects:
        validate(each)
    return objects


def validate(manifest: dict[str, Any]) -> None:
    name = f"{manifest['kind']} {manifest['metadata']['name']}"
    try:
        if schema := SCHEMAS.get(manifest["kind"]):
            jsonschema.validate(manifest, schema)
            return
        for version in KUBERNETES_VERSIONS:
            kubernetes_validate.validate(manifest, version, strict=True)
    except jsonschema.ValidationError as error:
        raise SystemExit(f"{name}: {error.json_path}: {error.message}") from None


def require_refusal(chart: str, name: str, values: dict[str, Any]) -> None:
    with helm.Chart.load(chart) as loaded:
        try:
            loaded.validate_schema(values)
        except helm.HelmError:
            return
    raise SystemExit(f"values.schema.json accepts {name}: {values}")


def main() -> None:
    task = json.loads(os.environ["CHART_TASK"])
    rendered = {
        name: render(task["chart"], values, task["releases"][name])
        for name, values in task["valid"].items()
    }
    for name, values in task["refused"].items():
        require_refusal(task["chart"], name, values)
    json.dump(rendered, sys.stdout)


if __name__ == "__main__":
    main()
