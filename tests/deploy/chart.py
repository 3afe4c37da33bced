"""The Helm chart: linted, rendered, validated, and consistent in itself."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import fields
from functools import cache
from pathlib import Path
from typing import Any

from admin_gateway.cli.server.commands import WORKER_NAMES
from coupon_core.settings.model import Settings
from tests.deploy.items import DEPLOY, TOOLS_BIN, CheckFailed, Item, run_tool

CHART = DEPLOY / "helm" / "coupons"
TOOL = Path(__file__).with_name("chart_tool.py")
SWITCHES = ("keda", "serviceMonitor", "prometheusRule", "dashboards")
INGRESS = {"enabled": True, "host": "x.example", "tlsSecret": "1", "className": "on"}
# The longest name, and names that are something else in YAML unless they are quoted.
RELEASES = {"defaults": "true", "everything": 53 * "a", "nothing": "null"}
MAX_NAME_LENGTH = 63  # of a Service
WORKER: dict[str, Any] = {"replicas": 1, "resources": {}}
EVERYTHING = {
    **{name: {"enabled": True} for name in SWITCHES},
    "imagePullSecrets": [{"name": "registry"}],
    "settings": {"COUPON_LOG_LEVEL": "debug", "COUPON_KEEP_ATTEMPTS": 5_000_000},
    "migration": {"deadlineSeconds": 1_000_000},
    "existingSecret": "123",
    "gateways": {
        name: {
            "autoscaling": {"enabled": True},
            "ingress": {**INGRESS, "annotations": {"a.example/b": "c"}},
            "replicas": 7,
        }
        for name in ("admin", "query")
    },
    "networkPolicy": {"ingressNamespaces": ["123"], "monitoringNamespaces": ["on"]},
    "workers": {
        "relay": {"replicas": 9},
        "on": {**WORKER, "names": ["deliverer"]},
        "background": {"names": ["counter", "sweeper"]},
    },
    "nodeSelector": {"disk": "ssd"},
    "tolerations": [{"key": "shop", "operator": "Exists"}],
}
NOTHING = {
    "migration": {"enabled": False},
    "podDisruptionBudget": {"enabled": False},
    "networkPolicy": {"enabled": False},
    "gateways": {"query": {"autoscaling": {"enabled": False}}},
}
VALID = {"defaults": {}, "everything": EVERYTHING, "nothing": NOTHING}
REFUSED = {
    "an unknown member": {"replicas": 3},
    "an image without a name": {"image": {"repository": ""}},
    "no master key": {"secretKeys": ["COUPON_DATABASE_URL", "COUPON_BROKER_URL"]},
    "a misspelt worker": {"workers": {"relay": {"names": ["relays"]}}},
    "a relay that is scaled by queues": {
        "workers": {"relay": {"scaleBy": "queueMessages"}}
    },
    "a port that is set elsewhere": {"settings": {"COUPON_METRICS_PORT": 1}},
    "an ingress without a host": {
        "gateways": {"query": {"ingress": {"enabled": True}}}
    },
    "a secret in the environment": {"settings": {"COUPON_BROKER_URL": "amqp://a:b@c"}},
    "the user root": {"podSecurityContext": {"runAsNonRoot": False}},
}


@cache
def render_chart() -> dict[str, list[dict[str, Any]]]:
    """Return the objects of each valid case, after the tools have accepted them."""
    task = {"chart": str(CHART), "valid": VALID, "refused": REFUSED}
    task["releases"] = RELEASES
    environment = {"CHART_TASK": json.dumps(task)}
    output = run_tool(TOOLS_BIN / "python", TOOL, environment=environment)
    return json.loads(output)  # type: ignore[no-any-return]


def check_chart() -> str:
    """Check every case of the chart."""
    cases = render_chart()
    for name, objects in cases.items():
        for fault in find_faults(objects):
            raise CheckFailed(f"{name}: {fault}")
    return f"{sum(map(len, cases.values()))} objects"


def find_faults(objects: list[dict[str, Any]]) -> Iterator[str]:
    """Yield what no schema sees, such as references to nothing and unknown settings."""
    pods = {
        each["metadata"]["name"]: each["spec"]["template"]
        for each in objects
        if each["kind"] in ("Deployment", "Job")
    }
    for each in objects:
        name = f"{each['kind']} {each['metadata']['name']}"
        spec = each.get("spec", {})
        if each["kind"] == "Service" and len(name) > len("Service ") + MAX_NAME_LENGTH:
            yield f"{name}: the name is too long"
        for unit in ("Replicas", "ReplicaCount"):
            if spec.get(f"min{unit}", 1) > spec.get(f"max{unit}", 1):
                yield f"{name}: the maximum of replicas is below the minimum"
        target = spec.get("scaleTargetRef", {}).get("name")
        if target and target not in pods:
            yield f"{name} scales {target}, which does not exist"
        if each["kind"] in ("Service", "PodDisruptionBudget", "Deployment"):
            labels = spec["selector"].get("matchLabels", spec["selector"])
            if not any(labels.items() <= _labels_of(pod) for pod in pods.values()):
                yield f"{name} selects no pod"
    yield from _find_unknown_settings(pods)
    arguments = [
        argument
        for pod in pods.values()
        for argument in pod["spec"]["containers"][0]["args"]
    ]
    for worker in WORKER_NAMES:
        if arguments.count(worker) != 1:
            yield f"worker {worker} is in {arguments.count(worker)} deployments, not 1"


def _labels_of(pod: dict[str, Any]) -> set[tuple[str, str]]:
    return pod["metadata"]["labels"].items()  # type: ignore[no-any-return]


def _find_unknown_settings(pods: dict[str, dict[str, Any]]) -> Iterator[str]:
    variables = (each.metadata.get("variable") for each in fields(Settings))
    known = {variable.name for variable in variables if variable}
    for name, pod in pods.items():
        for variable in pod["spec"]["containers"][0]["env"]:
            if variable["name"].removesuffix("_FILE") not in known:
                yield f"{name} sets {variable['name']}, which is not a setting"
            if "e+" in variable["value"]:
                yield f"{name} sets {variable['name']} to {variable['value']}"


ITEMS = (Item("Helm chart", ("kubernetes-validate",), check_chart),)
