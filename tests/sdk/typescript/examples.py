"""The examples of the TypeScript SDK as one program, and what they should print."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from doctest import OutputChecker
from typing import Any, NamedTuple

from tests.sdk.conftest import RunningSystem
from tests.sdk.examples import FLAGS, create_names
from tests.sdk.typescript.npm import PACKAGE

COMMENT = re.compile(r"/\*\*\n(?:(?!\*/).)*?@example\n(.*?)\*/\n([^\n]*)", re.DOTALL)
NUMBERS = {"package_id", "redemption_id", "webhook_id"}
# Each example is a function, so that one that fails does not stop the others.
HEAD = """
import type { Admin, LogEntry } from "coupons-sdk";
import { NAMES } from "coupons-sdk";
import { text } from "node:stream/consumers";
import { format } from "node:util";

const { ADMIN_URL, QUERY_URL, TENANT_ID, TENANT_SECRET, API_KEY } =
  process.env as Record<string, string>;
const adminUrl = ADMIN_URL!, queryUrl = QUERY_URL!, apiKey = API_KEY!;
const tenantId = TENANT_ID!, tenantSecret = TENANT_SECRET!;
const admin = new CouponsAdmin(adminUrl, new ApiKey(apiKey), { tenantId });
const coupons = new Coupons(queryUrl, new Hmac(tenantId, tenantSecret));
type Printer = { log(...values: unknown[]): void };
interface Given { VALUES }
const examples: ((given: Given, console: Printer) => Promise<void>)[] = [];
"""
EXAMPLE = """
examples.push(async ({ GIVEN }, console) => {
BODY
});
"""
LAST_LINES = """
const inputs: Given[] = JSON.parse(await text(process.stdin));
for (const [index, run] of examples.entries()) {
  const lines: string[] = [];
  const log = (...values: unknown[]) => void lines.push(format(...values));
  await run(inputs[index]!, { log }).catch((error) => log(error));
  console.log(JSON.stringify(lines.map((line) => `${line}\\n`).join("")));
}
"""


class Example(NamedTuple):
    """An example, and the file and line of what it belongs to."""

    place: str
    code: str

    @property
    def expected(self) -> str:
        """Return what it should print: the comments behind its statements."""
        return "".join(
            f"{text}\n" for text in re.findall(r"[;}] // (.+)$", self.code, re.M)
        )


def list_examples() -> Iterator[Example]:
    """Yield the examples; that of tenants' secrets last, since it replaces one."""
    paths = (PACKAGE / "src").rglob("*.ts")
    for path in sorted(paths, key=lambda path: (path.stem == "keys", path)):
        for comment, declaration in COMMENT.findall(path.read_text()):
            code = re.sub(r"^ *\* ?", "", comment, flags=re.M)
            yield Example(f"{path.stem}: {declaration.strip()}", code.rstrip(" *"))


def build_program(
    examples: list[Example], inputs: list[Mapping[str, Any]], exported: list[str]
) -> str:
    """Return the program that runs the examples, each with its input."""
    body = "".join(
        EXAMPLE.replace("GIVEN", ", ".join(given)).replace("BODY", example.code)
        for example, given in zip(examples, inputs, strict=True)
    )
    types = {
        name: "number" if isinstance(value, int) else "string"
        for given in inputs
        for name, value in given.items()
    } | {"headers": "Record<string, string>"}
    values = " ".join(f"{name}: {kind};" for name, kind in types.items())
    names = [name for name in exported if re.search(rf"\b{name}\b", HEAD + body)]
    head = HEAD.replace("NAMES", ", ".join(names)).replace("VALUES", values)
    return head + body + LAST_LINES


def create_input(system: RunningSystem, example: Example) -> Mapping[str, Any]:
    """Return new objects for the names in an example."""
    words = re.sub("[A-Z]", lambda match: f"_{match[0].lower()}", example.code)
    created = create_names(system, words)
    given = {
        re.sub("_(.)", lambda match: match[1].upper(), name): (
            int(value) if name in NUMBERS else value
        )
        for name, value in created.items()
    }
    return {
        name: value
        for name, value in given.items()
        if re.search(rf"\b{name}\b", example.code)
    }


def find_failures(examples: list[Example], printed: str) -> list[str]:
    """Return the differences between what was printed and what should be."""
    outputs = [json.loads(line) for line in printed.splitlines()]
    return [
        f"{example.place}\n{example.code}\nprinted:\n{output}"
        for example, output in zip(examples, outputs, strict=True)
        if not OutputChecker().check_output(example.expected, output, FLAGS)
    ]
