"""Codes: their syntax, their lookup key, and the generation of random codes."""

import os
import re
from collections.abc import Iterator, Sequence
from functools import cache
from itertools import groupby, takewhile
from math import prod

from coupon_core.domain.check_digit import CHECK_CHARACTERS, compute_check_character
from coupon_core.domain.models import CodeAlphabet, Definition
from coupon_core.domain.pasted_text import clean_pasted_code

CODE_REGEX = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}", re.ASCII)
PREFIX_REGEX = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,31}", re.ASCII)
MAX_CODE_LENGTH = 64
MIN_RANDOM_LENGTH, DEFAULT_RANDOM_LENGTH, MAX_RANDOM_LENGTH = 4, 8, 32

ALPHABETS = {
    # Without 0 O 1 I L, because people read codes aloud and copy them from paper.
    CodeAlphabet.UNAMBIGUOUS: "23456789ABCDEFGHJKMNPQRSTUVWXYZ",
    CodeAlphabet.FULL: "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ",
}


def normalize_code(code: str) -> str | None:
    """Return the code as its author wrote it, or None if it is not a valid code.

    What people paste around a code is removed. Other non-ASCII characters are rejected
    before case is folded: `'ſave10'.upper()` is `'SAVE10'`.
    """
    code = clean_pasted_code(code)
    return code if CODE_REGEX.fullmatch(code) else None


def to_lookup_key(code: str) -> str:
    """Return the key under which codes are looked up: ASCII upper case."""
    return code.upper()


def code_scope(code: str, case_sensitive: bool, user_id: str) -> str:
    """Return the scope in which a coupon is unique among those with its lookup key.

    Random codes have the scope "" and are therefore unique in their tenant. Neither
    codes nor user IDs may contain a slash, so scopes of different codes never collide.
    """
    return f"{code}/{user_id}" if case_sensitive else user_id


DIGIT_PLACEHOLDER, LETTER_PLACEHOLDER, ALPHANUMERIC_PLACEHOLDER = "#", "?", "*"
# Codes with a check character need a fixed prefix of this length, which identifies
# them as codes that have one.
MIN_FIXED_PREFIX_LENGTH = 3
CODE_PATTERN_REGEX = re.compile(r"[A-Za-z0-9#?*][A-Za-z0-9_#?*-]{0,63}", re.ASCII)


def code_format_key(definition: Definition) -> tuple[object, ...]:
    """Return every property that determines how random codes are generated."""
    return (
        definition.code_prefix,
        definition.code_length,
        definition.code_alphabet,
        definition.code_pattern,
        definition.code_check,
    )


def position_alphabets(definition: Definition) -> list[str]:
    """Return the allowed characters of each position of a random code.

    A fixed position has one character. The check character is not included.
    """
    alphabet = ALPHABETS[definition.code_alphabet]
    if not definition.code_pattern:
        return [*definition.code_prefix, *[alphabet] * definition.code_length]
    placeholder_alphabets = {
        DIGIT_PLACEHOLDER: "".join(filter(str.isdigit, alphabet)),
        LETTER_PLACEHOLDER: "".join(filter(str.isalpha, alphabet)),
        ALPHANUMERIC_PLACEHOLDER: alphabet,
    }
    return [
        placeholder_alphabets.get(symbol, symbol) for symbol in definition.code_pattern
    ]


def fixed_prefix(definition: Definition) -> str:
    """Return the lookup key of the characters that all random codes begin with."""
    fixed_characters = takewhile(
        lambda alphabet: len(alphabet) == 1, position_alphabets(definition)
    )
    return to_lookup_key("".join(fixed_characters))


def code_space_size(definition: Definition) -> int:
    """Return how many different random codes a definition can have."""
    count = prod(len(alphabet) for alphabet in position_alphabets(definition))
    if not definition.code_check:
        return count
    # Codes whose check character is not in the alphabet are discarded.
    return count * len(ALPHABETS[definition.code_alphabet]) // len(CHECK_CHARACTERS)


def generate_codes(definition: Definition, count: int) -> list[str]:
    """Generate `count` random codes of a definition; duplicates are possible."""
    if not (definition.code_pattern or definition.code_check):
        return generate_random_codes(
            count,
            definition.code_prefix,
            length=definition.code_length,
            alphabet=definition.code_alphabet,
        )
    if not definition.code_check:
        return _fill_pattern(position_alphabets(definition), count)
    codes: list[str] = []
    while len(codes) < count:
        codes.extend(_with_check_digit(definition, count - len(codes)))
    return codes[:count]


def _with_check_digit(definition: Definition, count: int) -> Iterator[str]:
    """Generate about `count` codes with their check character.

    Codes whose check character is not in the alphabet are discarded.
    """
    alphabet = ALPHABETS[definition.code_alphabet]
    for code in _fill_pattern(position_alphabets(definition), count + count // 4 + 4):
        check_digit = compute_check_character(to_lookup_key(code))
        if check_digit in alphabet:
            yield code + check_digit


def _fill_pattern(alphabets: Sequence[str], count: int) -> list[str]:
    runs = [(alphabet, len(list(group))) for alphabet, group in groupby(alphabets)]
    columns = [_fill_run(alphabet, length, count=count) for alphabet, length in runs]
    return ["".join(parts) for parts in zip(*columns, strict=True)]


def _fill_run(alphabet: str, length: int, count: int) -> list[str]:
    if len(alphabet) == 1:
        return [alphabet * length] * count
    text = _generate_random_text(count * length, alphabet)
    return [text[start : start + length] for start in range(0, len(text), length)]


def generate_random_codes(
    count: int, prefix: str, length: int, alphabet: CodeAlphabet
) -> list[str]:
    """Generate `count` codes from the secure random source of the operating system.

    Duplicates are possible.
    """
    text = _generate_random_text(count * length, ALPHABETS[alphabet])
    return [
        prefix + text[start : start + length] for start in range(0, len(text), length)
    ]


def _generate_random_text(length: int, alphabet: str) -> str:
    # Map one block of random bytes, and reject those above the largest multiple of the
    # alphabet's size, so that all characters are equally likely. This is forty times
    # faster than a random choice per character.
    table, rejected_bytes = _byte_translation(alphabet)
    text = b""
    while len(text) < length:
        text += os.urandom(length + length // 4 + 16).translate(table, rejected_bytes)
    return text[:length].decode("ascii")


@cache
def _byte_translation(alphabet: str) -> tuple[bytes, bytes]:
    usable_count = 256 - 256 % len(alphabet)
    table = bytes(ord(alphabet[byte % len(alphabet)]) for byte in range(256))
    return table, bytes(range(usable_count, 256))


def codes_from_template(
    template: str, creator_key: str, numbers: Sequence[int]
) -> list[str]:
    """Return one code per number, from a template.

    The template may contain `{creator}`, `{number}` and `{random}`. The codes are
    unique; there are fewer than numbers if a random part occurs twice.
    """
    random_parts = generate_random_codes(
        len(numbers),
        "",
        length=DEFAULT_RANDOM_LENGTH,
        alphabet=CodeAlphabet.UNAMBIGUOUS,
    )
    codes = [
        fill_template(template, creator_key, number=number, random_part=random_part)
        for number, random_part in zip(numbers, random_parts, strict=True)
    ]
    return list(dict.fromkeys(codes))


def fill_template(
    template: str, creator_key: str, number: int, random_part: str
) -> str:
    """Return the code for a template; numbers are padded to at least three digits."""
    code = template.replace("{creator}", creator_key).replace("{random}", random_part)
    return to_lookup_key(code.replace("{number}", f"{number:03}"))
