"""What a code is: its form, its lookup key, and how random ones are made."""

import os
import re
from collections.abc import Iterator, Sequence
from functools import cache
from itertools import groupby, takewhile
from math import prod

from coupon_core.domain.check_digit import CHARACTERS, check_character
from coupon_core.domain.models import CodeAlphabet, Definition

CODE_PATTERN = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}", re.ASCII)
PREFIX_PATTERN = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,31}", re.ASCII)
MAX_CODE_LENGTH = 64
MIN_RANDOM_LENGTH, DEFAULT_RANDOM_LENGTH, MAX_RANDOM_LENGTH = 4, 8, 32

ALPHABETS = {
    # No 0 O 1 I L: people read codes aloud and copy them from paper.
    CodeAlphabet.UNAMBIGUOUS: "23456789ABCDEFGHJKMNPQRSTUVWXYZ",
    CodeAlphabet.FULL: "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ",
}


def normalize(code: str) -> str | None:
    """The code without outer blanks, or None when it cannot be one.

    Non-ASCII is refused before any folding: `'ſave10'.upper()` is `'SAVE10'`.
    """
    code = code.strip(" \t")
    return code if CODE_PATTERN.fullmatch(code) else None


def lookup_key(code: str) -> str:
    """What codes are looked up by: ASCII upper case."""
    return code.upper()


def code_scope(code: str, case_sensitive: bool, user_id: str) -> str:
    """Among coupons of one lookup key, what a shared code's coupon is the only one of.

    Random codes have the scope "" and so are alone in their tenant. Neither codes
    nor user ids may hold a slash, so scopes of different codes never meet.
    """
    return f"{code}/{user_id}" if case_sensitive else user_id


DIGIT, LETTER, EITHER = "#", "?", "*"
# With a check character as many fixed ones come first, so that the code is known by
# them as one that has it.
MIN_STEM_LENGTH = 3
PATTERN = re.compile(r"[A-Za-z0-9#?*][A-Za-z0-9_#?*-]{0,63}", re.ASCII)


def shape(definition: Definition) -> tuple[object, ...]:
    """All that says how a definition's random codes are made."""
    drawn = definition.code_prefix, definition.code_length, definition.code_alphabet
    return (*drawn, definition.code_pattern, definition.code_check)


def places(definition: Definition) -> list[str]:
    """For each place of a random code, but the check character, what may stand there.

    A fixed place has one character.
    """
    alphabet = ALPHABETS[definition.code_alphabet]
    if not definition.code_pattern:
        return [*definition.code_prefix, *[alphabet] * definition.code_length]
    drawn = {
        DIGIT: "".join(filter(str.isdigit, alphabet)),
        LETTER: "".join(filter(str.isalpha, alphabet)),
        EITHER: alphabet,
    }
    return [drawn.get(place, place) for place in definition.code_pattern]


def stem(definition: Definition) -> str:
    """How all random codes of a definition begin, as a lookup key."""
    fixed = takewhile(lambda place: len(place) == 1, places(definition))
    return lookup_key("".join(fixed))


def space(definition: Definition) -> int:
    """How many different random codes a definition can have."""
    count = prod(len(place) for place in places(definition))
    if not definition.code_check:
        return count
    # Those are thrown away whose check character is not of the alphabet.
    return count * len(ALPHABETS[definition.code_alphabet]) // len(CHARACTERS)


def draw(definition: Definition, count: int) -> list[str]:
    """`count` random codes of a definition; repeats are possible."""
    if not (definition.code_pattern or definition.code_check):
        drawn = definition.code_length, definition.code_alphabet
        return random_codes(count, definition.code_prefix, *drawn)
    if not definition.code_check:
        return _filled(places(definition), count)
    codes: list[str] = []
    while len(codes) < count:
        codes.extend(_checked(definition, count - len(codes)))
    return codes[:count]


def _checked(definition: Definition, count: int) -> Iterator[str]:
    """About as many codes, each with its check character, if the alphabet has it."""
    alphabet = ALPHABETS[definition.code_alphabet]
    for code in _filled(places(definition), count + count // 4 + 4):
        check = check_character(lookup_key(code))
        if check in alphabet:
            yield code + check


def _filled(places: Sequence[str], count: int) -> list[str]:
    runs = [(place, len(list(same))) for place, same in groupby(places)]
    columns = [_run(place, length, count) for place, length in runs]
    return ["".join(parts) for parts in zip(*columns, strict=True)]


def _run(place: str, length: int, count: int) -> list[str]:
    if len(place) == 1:
        return [place * length] * count
    text = _random_text(count * length, place)
    return [text[at : at + length] for at in range(0, len(text), length)]


def random_codes(
    count: int, prefix: str, length: int, alphabet: CodeAlphabet
) -> list[str]:
    """`count` random codes from the system's secure source; repeats are possible."""
    text = _random_text(count * length, ALPHABETS[alphabet])
    return [prefix + text[at : at + length] for at in range(0, len(text), length)]


def _random_text(length: int, alphabet: str) -> str:
    # One block of bytes, the uneven rest of 256 thrown away so that every character
    # is equally likely: forty times quicker than a choice per character.
    table, unwanted = _translation(alphabet)
    text = b""
    while len(text) < length:
        text += os.urandom(length + length // 4 + 16).translate(table, unwanted)
    return text[:length].decode("ascii")


@cache
def _translation(alphabet: str) -> tuple[bytes, bytes]:
    even = 256 - 256 % len(alphabet)
    table = bytes(ord(alphabet[b % len(alphabet)]) for b in range(256))
    return table, bytes(range(even, 256))


def patterned(pattern: str, creator_key: str, numbers: Sequence[int]) -> list[str]:
    """A code for each number: `{creator}`, `{number}` and `{random}` filled in.

    No code comes twice; there may be fewer than numbers when chance repeats one.
    """
    drawn = random_codes(
        len(numbers), "", DEFAULT_RANDOM_LENGTH, CodeAlphabet.UNAMBIGUOUS
    )
    made = [
        filled(pattern, creator_key, number, text)
        for number, text in zip(numbers, drawn, strict=True)
    ]
    return list(dict.fromkeys(made))


def filled(pattern: str, creator_key: str, number: int, text: str) -> str:
    """A code after a pattern; numbers have three digits at least."""
    code = pattern.replace("{creator}", creator_key).replace("{random}", text)
    return lookup_key(code.replace("{number}", f"{number:03}"))
