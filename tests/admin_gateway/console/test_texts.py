"""Every text of the console is translated, and no translation is left over."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import chain
from pathlib import Path
from typing import Any, TypeAlias

import pytest
from babel.messages.extract import DEFAULT_KEYWORDS, extract_from_dir
from babel.messages.pofile import read_po

from admin_gateway.console import (
    build,
    campaign_actions,
    code_actions,
    definition_actions,
    texts,
)
from admin_gateway.console.errors import TITLES
from admin_gateway.console.explanation_words import REMEDIES, get_own_text
from admin_gateway.refusals import ALL_REFUSALS
from admin_gateway.refusals.explanation_texts import (
    CAUSE_TEXTS,
    REASON_TEXTS,
    ReasonText,
)
from tests.support.admin_client import AdminClient

MessageId: TypeAlias = str | tuple[str, ...]
METHODS = [("**.py", "python"), ("**.html", "jinja2")]
OPTIONS = {"**.html": {"newstyle_gettext": "true", "silent": "false"}}
LANGUAGES = [path.name for path in build.TRANSLATIONS.iterdir() if path.is_dir()]


find_placeholders = re.compile(r"%\(\w+\)[+]?[sd]").findall


def as_tuple(texts: MessageId) -> tuple[str, ...]:
    """Return the forms of a text: one, or two if it has a plural."""
    return (texts,) if isinstance(texts, str) else tuple(texts)


def list_texts() -> dict[MessageId, str]:
    """Return the texts of modules and templates, with the place of each."""
    found = extract_from_dir(
        str(build.DIRECTORY), METHODS, OPTIONS, keywords=DEFAULT_KEYWORDS
    )
    used: dict[MessageId, str] = {
        message: f"{name}:{line}" for name, line, message, _, _ in found
    }
    explained = chain(*list_explanations())
    return (
        used
        | dict.fromkeys(explained, "admin_gateway/refusals/explanation_texts")
        | {text: "admin_gateway/refusals" for _, _, text in ALL_REFUSALS.values()}
    )


def list_explanations() -> Iterator[ReasonText]:
    """Yield what the console says about each reason and each cause."""
    yield from map(get_own_text, (*CAUSE_TEXTS.values(), *REASON_TEXTS.values()))


def test_explanations_name_no_member_of_the_api() -> None:
    names = re.compile(r"[a-z]_[a-z]|\w\.\w|gateway|claimable")
    assert [text for text in chain(*list_explanations()) if names.search(text)] == []
    found = {one.remedy for one in (*CAUSE_TEXTS.values(), *REASON_TEXTS.values())}
    assert found >= REMEDIES.keys()


def test_a_number_before_a_plural_has_a_singular() -> None:
    amounts = "num|number|count|seconds|minutes|hours|days"
    counted = re.compile(rf"%\(({amounts})\)s [a-z]{{2,}}s\b")
    texts = {text for text in list_texts() if isinstance(text, str)}
    assert {text for text in texts if counted.search(text)} == set()


def list_translations(language: str) -> Iterator[tuple[Path, MessageId, bool]]:
    """Yield file, text and whether it is translated."""
    for path in sorted((build.TRANSLATIONS / language).glob("*.po")):
        with path.open("rb") as file:
            for message in read_po(file, locale=language):
                if message.id:
                    parts = message.string
                    strings = [parts] if isinstance(parts, str) else list(parts)
                    yield path, message.id, all(strings) and not message.fuzzy


def format_entry(message: MessageId, place: str) -> str:
    """Return an entry that can be pasted into a .po file."""
    if isinstance(message, tuple):
        ids = f'msgid "{message[0]}"\nmsgid_plural "{message[1]}"'
        return f'#: {place}\n{ids}\nmsgstr[0] ""\nmsgstr[1] ""\n'
    escaped = message.replace("\\", "\\\\").replace('"', '\\"')
    return f'#: {place}\nmsgid "{escaped}"\nmsgstr ""\n'


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_text_is_translated_and_nothing_else(language: str) -> None:
    used = list_texts()
    known = {text: done for _, text, done in list_translations(language)}
    missing = [
        format_entry(text, place) for text, place in used.items() if not known.get(text)
    ]
    assert not missing, "\n".join(["Add to translations/*.po:", "", *missing])
    assert known.keys() - used.keys() == set(), "These are used nowhere."


@pytest.mark.parametrize("language", LANGUAGES)
def test_translations_have_the_placeholders_of_their_texts(language: str) -> None:
    for path in sorted((build.TRANSLATIONS / language).glob("*.po")):
        with path.open("rb") as file:
            for message in read_po(file, locale=language):
                ids, strings = as_tuple(message.id), as_tuple(message.string)
                for own_id, text in zip(ids, strings, strict=True):
                    expected = set(find_placeholders(own_id))
                    assert set(find_placeholders(text)) == expected, text


def test_texts_follow_the_language_of_the_browser(sqlite_admin: AdminClient) -> None:
    client = sqlite_admin.app.test_client()
    for sent, language, title in (
        ("de-AT,en;q=0.5", "de", "Anmelden"),
        ("fr", "en", "Sign in"),
        ("en,de;q=0.9", "en", "Sign in"),
    ):
        headers = {"Accept-Language": sent}
        page = client.get("/console/sign-in", headers=headers).text
        assert f'<html lang="{language}">' in page
        assert f"<h1>{title}</h1>" in page
    assert texts.list_languages() == ["en", "de"]
    assert TITLES


@pytest.mark.parametrize(
    ("english", "german"),
    [
        (r"\bsuspend(ed)?\b", r"ausset|ausgesetzt|auszusetz|setzen .* aus\b"),
        (r"\bpaused?\b", "pausier"),
    ],
    ids=["suspend", "pause"],
)
def test_the_two_ways_to_stop_have_one_word_each(english: str, german: str) -> None:
    found = 0
    for path in sorted((build.TRANSLATIONS / "de").glob("*.po")):
        with path.open("rb") as file:
            for message in read_po(file, locale="de"):
                if re.search(english, str(message.id), re.IGNORECASE):
                    assert re.search(german, str(message.string), re.IGNORECASE), (
                        message.id
                    )
                    found += 1
    assert found


def test_who_uses_codes_has_one_word() -> None:
    """Explanations and refusals are texts of the API, which says `user`."""
    own = {
        message: path.name
        for path, message, _ in list_translations("de")
        if path.name not in ("explanations.po", "refusals.po")
    }
    users = re.compile(r"\b[Uu]sers?\b").search
    assert [text for text in own if users(str(text).replace("(user)s", ""))] == []
    for path in (build.TRANSLATIONS / "de").glob("*.po"):
        assert "utzer" not in path.read_text("utf-8"), path.name


def test_sentences_are_separated_by_a_blank() -> None:
    """The end of a line after a block is no blank, because blocks are trimmed."""
    joined = re.compile(r"[.:]\"\) \}\}[^\n]*\{% endif %\}\n\s*\{\{ _\(")
    sources = (build.DIRECTORY / "templates").rglob("*.html")
    assert [path.name for path in sources if joined.search(path.read_text())] == []


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(
    "actions",
    [
        definition_actions.ACTIONS,
        campaign_actions.ACTIONS,
        code_actions.ACTIONS.values(),
    ],
    ids=["definition", "campaign", "code"],
)
def test_the_buttons_of_a_page_differ(language: str, actions: Any) -> None:
    translate = texts.load_translations(language).gettext
    buttons = {one.button for one in actions}
    assert len({translate(button) for button in buttons}) == len(buttons)
