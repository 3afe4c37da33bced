"""All fields of the forms of a page, as a browser would submit them."""

from __future__ import annotations

from dataclasses import dataclass, field
from html.parser import HTMLParser

BOXES = {"checkbox", "radio"}
BUTTONS = {"submit", "button", "reset"}
Pair = tuple[str, str]


@dataclass
class PageForm:
    """A form: where it goes, what it submits, and the options of its choices."""

    action: str = ""
    method: str = "get"
    is_upload: bool = False
    pairs: list[Pair] = field(default_factory=list)
    """What a browser submits if nothing is changed."""
    options: dict[str, list[str]] = field(default_factory=dict)
    """The values of selects and boxes, by the name of the field."""
    names: list[str] = field(default_factory=list)
    """The fields that a person fills in, in the order of the page."""
    files: list[str] = field(default_factory=list)


def replace(pairs: list[Pair], name: str, value: str) -> list[Pair]:
    """Return what is submitted with another value of a field."""
    return [*(pair for pair in pairs if pair[0] != name), (name, value)]


class _Reader(HTMLParser):
    def __init__(self, page: str) -> None:
        super().__init__()
        self.forms: list[PageForm] = []
        self.current = PageForm()
        self.select = self.text_area = ""
        self.feed(page)

    def handle_starttag(
        self, tag: str, attributes: list[tuple[str, str | None]]
    ) -> None:
        values = {name: value or "" for name, value in attributes}
        name = values.get("name", "")
        if tag == "form":
            upload = values.get("enctype", "").startswith("multipart")
            method = values.get("method", "get").lower()
            self.current = PageForm(values.get("action", ""), method, upload)
            self.forms.append(self.current)
        elif tag == "input" and name:
            self._add_input(name, values)
        elif tag == "select":
            self._add_name(name)
            self.select, self.current.options[name] = name, []
        elif tag == "option" and self.select:
            self._add_option(values)
        elif tag == "textarea":
            self._add_name(name)
            self.text_area = name
            self.current.pairs.append((name, ""))

    def _add_name(self, name: str) -> None:
        if name not in self.current.names:
            self.current.names.append(name)

    def _add_input(self, name: str, values: dict[str, str]) -> None:
        kind, value = values.get("type", "text"), values.get("value", "")
        if kind in BUTTONS:
            return
        if kind == "file":
            self.current.files.append(name)
            return
        if kind != "hidden":
            self._add_name(name)
        if kind in BOXES:
            self.current.options.setdefault(name, []).append(value)
        if kind not in BOXES or "checked" in values:
            self.current.pairs.append((name, value))

    def _add_option(self, values: dict[str, str]) -> None:
        options, value = self.current.options[self.select], values.get("value", "")
        options.append(value)
        if "selected" in values or len(options) == 1:
            self.current.pairs = replace(self.current.pairs, self.select, value)

    def handle_data(self, data: str) -> None:
        if self.text_area:
            name, text = self.current.pairs[-1]
            self.current.pairs[-1] = name, text + data

    def handle_endtag(self, tag: str) -> None:
        if tag == "select":
            self.select = ""
        elif tag == "textarea" and self.text_area:
            name, text = self.current.pairs[-1]
            # A line end after the tag is no part of the value (HTML, 13.1.2.5).
            self.current.pairs[-1] = name, text.removeprefix("\n")
            self.text_area = ""


def choose_options(form: PageForm) -> list[Pair]:
    """Return what a form submits if something is chosen wherever it can be."""
    pairs = []
    for name, value in form.pairs:
        options = [option for option in form.options.get(name, []) if option]
        pairs.append((name, value or (options or [""])[0]))
    return pairs


def read_page_forms(page: str) -> list[PageForm]:
    """Return the forms of a page."""
    return _Reader(page).forms
