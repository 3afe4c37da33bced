"""The texts of the console in the language of the reader.

Texts are written in English where they are used, as `_("…")`, and translated in
`translations/LANGUAGE/*.po`. `N_("…")` marks a text that is translated later.
"""

from collections.abc import Callable
from functools import cache
from gettext import GNUTranslations, NullTranslations
from pathlib import Path
from typing import Any, cast

from flask import Flask, g, has_request_context, request
from jinja2 import pass_context
from jinja2.runtime import Context

from admin_gateway.console.formats import format_number

DIRECTORY = Path(__file__).parent / "translations"
DEFAULT_LANGUAGE = "en"


@cache  # the catalogues are compiled before the start
def list_languages() -> list[str]:
    """Return the languages: English, and those with a compiled catalogue."""
    return [DEFAULT_LANGUAGE, *sorted(_list_catalogues())]


def _list_catalogues() -> dict[str, Path]:
    return {path.parent.name: path for path in DIRECTORY.glob("*/console.mo")}


@cache
def load_translations(language: str) -> NullTranslations:
    """Return the texts of a language; those that are missing stay English."""
    path = _list_catalogues().get(language)
    if path is None:
        return NullTranslations()
    with path.open("rb") as file:
        return GNUTranslations(file)


def get_language() -> str:
    """Return the language that the reader prefers among ours."""
    if not has_request_context():
        return DEFAULT_LANGUAGE
    if "console_language" not in g:
        # Regions do not matter: German of Austria is better than English.
        preferred = (tag.partition("-")[0] for tag in request.accept_languages.values())
        known = list_languages()
        g.console_language = next(
            (one for one in preferred if one in known), DEFAULT_LANGUAGE
        )
    return str(g.console_language)


def gettext(text: str) -> str:
    """Return a text in the language of the reader."""
    return load_translations(get_language()).gettext(text)


def ngettext(singular: str, plural: str, number: int) -> str:
    """Return the form of a text that belongs to a number."""
    return load_translations(get_language()).ngettext(singular, plural, number)


def N_(text: str) -> str:  # noqa: N802 - the usual name, which tools look for
    """Mark a text for translation and return it as it is."""
    return text


def install(app: Flask) -> None:
    """Let the templates of an app use `_`, `gettext` and `ngettext`."""
    app.jinja_env.add_extension("jinja2.ext.i18n")
    app.jinja_env.install_gettext_callables(  # type: ignore[attr-defined]
        gettext, ngettext, newstyle=True
    )
    names = app.jinja_env.globals
    names["ngettext"] = _group_digits(cast(Callable[..., str], names["ngettext"]))
    names["get_language"] = get_language


def _group_digits(ngettext: Callable[..., str]) -> Callable[..., str]:
    """Return an `ngettext` whose `%(num)s` looks like all other numbers."""

    @pass_context
    def ngettext_with_digits(
        context: Context, singular: str, plural: str, number: int, **values: Any
    ) -> str:
        values.setdefault("num", format_number(number))
        return ngettext(context, singular, plural, number, **values)

    return ngettext_with_digits
