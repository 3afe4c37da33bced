"""The TypeScript SDK, its samples and the OpenAPI documents against real gateways."""

from __future__ import annotations

import inspect
import json
import re
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import parse_qsl

import pytest

from coupon_core.persistence import database
from coupon_core.services.access import tenants
from coupons_sdk import CouponsError
from coupons_sdk import errors as errors_in_python
from coupons_sdk.refusals import ADVICE
from tests.authorization.route_cases import Route, fill_placeholders
from tests.authorization.route_tables import (
    ROUTE_TABLES,
    normalize_rule,
    rename_placeholders,
)
from tests.authorization.tenants import create_arguments
from tests.sdk.conftest import RunningSystem
from tests.sdk.documents import prepare_codes, read_samples
from tests.sdk.methods import list_methods as list_python_methods
from tests.sdk.openapi import Operation, find_operation, list_expected_operations
from tests.sdk.typescript.examples import (
    build_program,
    create_input,
    find_failures,
    list_examples,
)
from tests.sdk.typescript.npm import (
    MODULES,
    run_node,
    run_script,
    started_script,
)

Script = subprocess.Popen[str]
pytestmark = pytest.mark.slow
COMPILER_OPTIONS = {
    **{"strict": True, "module": "NodeNext", "target": "ES2022"},
    **{"lib": ["ES2022"], "types": ["node"], "skipLibCheck": False},
}
# Lines that the samples must print.
SHOWN = (
    *("true null", "You get 100 Bonus Points", "SAVE10", "2000 of 2000", "2"),
    *(
        "GET /health 200",
        "healthy",
        "Readme: redeemed",
        "Deno: Readme: redeemed",
        '400 {"error":"ALREADY_REDEEMED"}',
        "401",
    ),
)
# They call what the samples define.
LAST_LINES = """
const server = app.listen(0);
const { port } = server.address() as { port: number };
const answer = await fetch(`http://127.0.0.1:${port}/redeem/SAVE20`, {
  method: "POST",
  headers: { "Content-Type": "application/json" },
  body: '{"user_id":"ann"}',
});
console.log(answer.status, await answer.text());
server.close();
const request = new Request("http://a/", {
  method: "POST",
  body: "{}",
  headers: { "webhook-timestamp": "1", "webhook-signature": "v1," },
});
console.log((await receive(request)).status);
"""
# Without workers they would wait; the samples call them.
WAITING = ("batches.wait", "jobs.wait")


@dataclass(frozen=True)
class SdkMethod:
    """A method of a client or of one of its resources, and what it sends."""

    client: str
    name: str
    parameters: tuple[str, ...]
    operation: Operation


@pytest.fixture(scope="module")
def listing(built_sdk: None) -> dict[str, Any]:
    """Return the errors and the methods of the SDK."""
    return json.loads(run_script("list_methods.mjs"))


@pytest.fixture(scope="module")
def methods(listing: dict[str, Any]) -> list[SdkMethod]:
    """Return the methods of all clients."""
    return [
        SdkMethod(
            item["client"],
            item["name"],
            tuple(item["parameters"]),
            find_operation(item["client"].partition(",")[0], **item["requests"][0]),
        )
        for item in listing["methods"]
    ]


@pytest.mark.parametrize("api", ["admin", "query"])
def test_every_operation_has_a_method_or_a_reason(
    api: str, methods: list[SdkMethod]
) -> None:
    covered = {
        method.operation.operation_id
        for method in methods
        if method.operation.api == api
    }
    assert covered == list_expected_operations(api)


def test_the_sdks_have_the_same_methods_and_errors(listing: dict[str, Any]) -> None:
    methods = {(item["client"], item["name"]) for item in listing["methods"]}
    assert methods == {
        (method.client, re.sub("_(.)", lambda match: match[1].upper(), method.name))
        for method in list_python_methods()
    }
    assert listing["advised"] == list(ADVICE)
    errors = {kind for kind in vars(errors_in_python).values() if inspect.isclass(kind)}
    assert set(listing["errors"]) == {
        kind.__name__
        for kind in errors
        if issubclass(kind, CouponsError) and kind is not CouponsError
    }


EXAMPLES = list(list_examples())


class Inputs(NamedTuple):
    """What the examples get: new objects, and where the gateways are."""

    values: list[Mapping[str, Any]]
    environment: Mapping[str, str]


@pytest.fixture(scope="module")
def inputs(project: Path, system: RunningSystem, listing: dict[str, Any]) -> Inputs:
    """Compile the samples and the examples at once; return the input of the latter."""
    environment = system.environment  # before an example gets another secret
    values = [create_input(system, example) for example in EXAMPLES]
    examples = build_program(EXAMPLES, values, listing["exported"])
    samples = read_samples("docs/sdk-typescript.md", "ts", system)
    readme = read_samples("sdk/typescript/README.md", "ts", system)
    programs = {"samples": samples + LAST_LINES, "readme": readme, "examples": examples}
    files = [f"{name}.ts" for name in programs]
    for name, program in zip(files, programs.values(), strict=True):
        (project / name).write_text(program)
    config = {"compilerOptions": COMPILER_OPTIONS, "files": files}
    (project / "tsconfig.json").write_text(json.dumps(config))
    # What the samples use beside the SDK.
    for name in "express", "@types":
        (project / "node_modules" / name).symlink_to(MODULES / name)
    done = run_node(MODULES / "typescript" / "bin" / "tsc", cwd=project)
    assert done.returncode == 0, done.stdout
    return Inputs(values, environment)


@pytest.mark.parametrize("migrated_template", ["sqlite"], indirect=True)
def test_every_example_prints_what_it_says(
    project: Path, system: RunningSystem, inputs: Inputs
) -> None:
    given = json.dumps(inputs.values)
    done = run_node("examples.js", cwd=project, text=given, **inputs.environment)
    secret, *_ = tenants.list_secrets(system.tenant.tenant_id)
    system.tenant.secret = secret.secret  # an example has replaced it
    database.release_connection()
    assert done.returncode == 0, done.stdout + done.stderr
    failures = find_failures(EXAMPLES, done.stdout)
    assert not failures, "\n".join(failures)


def test_every_public_name_and_method_is_in_an_example(listing: dict[str, Any]) -> None:
    text = "\n".join(example.code for example in EXAMPLES)
    names = [rf"\b{name}\b" for name in listing["exported"] if name != "VERSION"]
    calls = [
        re.escape(f".{item['name']}(")
        if "." in item["name"]
        else rf"\b(?:admin|coupons)\.{item['name']}\("
        for item in listing["methods"]
    ]
    assert [name for name in (*names, *calls) if not re.search(name, text)] == []


@pytest.mark.parametrize("migrated_template", ["sqlite"], indirect=True)
def test_the_samples_run(project: Path, system: RunningSystem, inputs: Inputs) -> None:
    prepare_codes(system)
    database.release_connection()
    printed = [run_with_deno(project, system)]
    for name in "samples.js", "readme.js":
        done = run_node(name, cwd=project, **system.environment)
        assert done.returncode == 0, done.stderr
        printed += done.stdout.splitlines()
    assert [line for line in SHOWN if line not in printed] == []


def run_with_deno(project: Path, system: RunningSystem) -> str:
    """Run the sample of the README with Deno; return its output."""
    (deno,) = (MODULES / "@deno").glob("*/deno")
    program = (project / "readme.js").read_text().replace("SAVE30", "SAVE40")
    (project / "deno.js").write_text(program)
    done = subprocess.run(
        [deno, "run", "--allow-net", "--allow-env", "--no-prompt", "deno.js"],
        cwd=project,
        env={**system.environment, "HOME": str(project), "NO_COLOR": "1"},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    return f"Deno: {done.stdout.strip()}"


@pytest.mark.parametrize("migrated_template", ["sqlite"], indirect=True)
def test_two_signed_redeems_in_one_second_are_two(
    built_sdk: None, system: RunningSystem
) -> None:
    code = system.tenant.issue_code(system.tenant.define(per_code_limit=9), "ann")
    database.release_connection()
    codes = json.dumps([code] * 4)
    printed = run_script("redeem_codes.mjs", text=codes, **system.environment)
    counts = [count for _, count in json.loads(printed)["answers"]]
    assert counts == [1, 2, 3, 4]


@pytest.mark.parametrize("migrated_template", ["sqlite"], indirect=True)
def test_every_method_is_answered_by_the_gateways(
    methods: list[SdkMethod], system: RunningSystem
) -> None:
    # The tenant's secret is replaced last, because the other calls need it.
    called = sorted(methods, key=lambda method: method.name.startswith("secrets."))
    with started_script("call_methods.mjs", **system.environment) as script:
        failures = [
            failure
            for number, method in enumerate(called)
            if method.name not in WAITING
            and (failure := call_method(script, method, system, f"user-{number}"))
        ]
    assert not failures, "\n".join(failures)
    assert len(called) > 150


def call_method(
    script: subprocess.Popen[str],
    method: SdkMethod,
    system: RunningSystem,
    user_id: str,
) -> str | None:
    """Call a method with new data; return what failed."""
    values = list(build_values(method, system, user_id))
    call = {"client": method.client, "name": method.name, "values": values}
    assert script.stdin
    assert script.stdout
    print(json.dumps(call), file=script.stdin, flush=True)
    return json.loads(script.stdout.readline())


def build_values(
    method: SdkMethod, system: RunningSystem, user_id: str
) -> Iterator[Any]:
    """Yield a value for each parameter, with new data behind it."""
    operation = method.operation
    rule = re.sub(r"\{(\w+)\}", r"<\1>", operation.path)
    rule = rule.replace("coupons/<tenant_id>", "coupons/<tenant:tenant_id>")
    name = f"{operation.method.upper()} {normalize_rule(rename_placeholders(rule))}"
    case = ROUTE_TABLES[operation.api].get(name)
    if case is None:  # public
        return
    route = Route(operation.api, operation.method, rename_placeholders(rule), case)
    needed = {"campaign_id"} if "campaignId" in method.parameters else set()
    values = create_arguments(system.tenant, user_id, [*route.placeholders, *needed])
    database.release_connection()
    filled = fill_placeholders(json.dumps(case.body), values)
    body = json.loads(filled)
    query = dict(parse_qsl(fill_placeholders(case.query, values).lstrip("?")))
    given = {
        **{"body": body or {}, "event": body, "query": query, "options": {}},
        **{
            "q": query.pop("q", None),
            "by": query.pop("by", None),
            "report": "refusals",
        },
        "campaignIds": [query.pop("campaign_id", None)],
        "events": body.get("events") if isinstance(body, dict) else None,
        "source": body if isinstance(body, str) else CSV_FILES.get(method.name),
    }
    for parameter in method.parameters:
        snake = re.sub("[A-Z]", lambda match: f"_{match[0].lower()}", parameter)
        known = values.get("known_user") if snake == "user_id" else None
        yield given[parameter] if parameter in given else known or values[snake]


CSV_FILES = {
    "generateFromCsv": "user_id\nann\n",
    "creators.createFromCsv": "creator_key,name\nCSV01,Ann\n",
}
