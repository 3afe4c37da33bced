"""Guess which codes an entered text may stand for; every guess is then looked up.

People leave out hyphens, add blanks, confuse 0 with O, and mistype one character.
"""

import re
import sys
from collections.abc import Collection, Iterable, Iterator
from itertools import chain, product

from coupon_core.domain.codes import CODE_REGEX, MAX_CODE_LENGTH, to_lookup_key
from coupon_core.domain.models.explanations import MatchKind
from coupon_core.domain.pasted_text import clean_pasted_code

MAX_LOOK_ALIKES = 256
MAX_EDITS = 800
MAX_EDITED_LENGTH = 16
SEPARATORS = "-_"
LOOK_ALIKES = {
    character: characters for characters in ("0O", "1IL") for character in characters
}
EDIT_CHARACTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
_remove_impossible_characters = re.compile(r"[^A-Za-z0-9_-]").sub
_remove_separators = str.maketrans(dict.fromkeys(SEPARATORS))

Shape = tuple[int, tuple[tuple[int, str], ...]]
"""The length of a code, and the separators in it with their positions."""


def get_shape(code: str) -> Shape:
    """Return where a code, or a template of one, has separators."""
    positions = ((i, char) for i, char in enumerate(code) if char in SEPARATORS)
    return len(code), tuple(positions)


def list_candidates(text: str, shapes: Collection[Shape]) -> dict[str, MatchKind]:
    """Return the lookup keys that a text may stand for, the closest first.

    `shapes` are those of the tenant's codes that contain separators.
    """
    candidates: dict[str, MatchKind] = {}
    entered = to_lookup_key(clean_pasted_code(text))
    possible = _remove_impossible_characters("", entered)[:MAX_CODE_LENGTH]
    plain = possible.translate(_remove_separators)
    spaced = [possible, plain, *_insert_separators(plain, shapes)]
    _add(candidates, [entered], MatchKind.NORMALIZED)
    _add(candidates, spaced, MatchKind.SPACING)
    look_alikes = (key for base in list(candidates) for key in _list_look_alikes(base))
    _add(candidates, look_alikes, MatchKind.LOOK_ALIKE, limit=MAX_LOOK_ALIKES)
    if len(possible) <= MAX_EDITED_LENGTH:
        edits = _list_edits_in_shape(possible, plain, shapes)
        _add(candidates, edits, MatchKind.ONE_EDIT, limit=MAX_EDITS)
    return candidates


def _add(
    candidates: dict[str, MatchKind],
    keys: Iterable[str],
    match: MatchKind,
    limit: int = sys.maxsize,
) -> None:
    """Add up to `limit` of the keys, without those that no code can have."""
    max_count = len(candidates) + limit
    for key in keys:
        if len(candidates) >= max_count:
            return
        if CODE_REGEX.fullmatch(key):
            candidates.setdefault(key, match)


def _insert_separators(plain: str, shapes: Iterable[Shape]) -> Iterator[str]:
    """Yield a text with the separators of each shape that it fits."""
    for length, separators in shapes:
        if length == len(plain) + len(separators):
            characters = list(plain)
            for position, separator in separators:
                characters.insert(position, separator)
            yield "".join(characters)


def _list_edits_in_shape(
    possible: str, plain: str, shapes: Collection[Shape]
) -> Iterator[str]:
    """Yield the edits of a text as it has separators, and with those of the shapes."""
    as_entered = _list_edits(possible)
    in_shape = (
        key for edit in _list_edits(plain) for key in _insert_separators(edit, shapes)
    )
    has_separators = plain != possible
    yield from (
        chain(as_entered, in_shape) if has_separators else chain(in_shape, as_entered)
    )


def _list_look_alikes(key: str) -> Iterator[str]:
    """Yield the key with other characters that look alike, consistent ones first."""
    for zero, one in product("0O", "1IL"):
        table = {ord(char): zero if char in "0O" else one for char in LOOK_ALIKES}
        yield key.translate(table)
    choices = [LOOK_ALIKES.get(character, character) for character in key]
    yield from map("".join, product(*choices))


def _list_edits(key: str) -> Iterator[str]:
    """Yield every key that differs by a swap, or by one character more, less or other.

    All of them are at most `MAX_EDITS` for keys of up to 10 characters. Of longer keys
    a lost character is the last to be guessed, first that of a pair.
    """
    parts = [(key[:i], key[i:]) for i in range(len(key) + 1)]
    yield from (head + tail[1] + tail[0] + tail[2:] for head, tail in parts[:-2])
    yield from (head + tail[1:] for head, tail in parts[:-1])
    for character in EDIT_CHARACTERS:
        yield from (head + character + tail[1:] for head, tail in parts[:-1])
    yield from (head + tail[0] + tail for head, tail in parts[:-1])
    for character in EDIT_CHARACTERS:
        yield from (head + character + tail for head, tail in parts)
