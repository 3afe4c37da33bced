"""What a code is: its form, its lookup key, and how random ones are made."""

import os
import re
from collections.abc import Iterator, Sequence
from functools import cache
from itertools import groupby, takewhile
from math import prod

from coupon_core.domain.check_digit import CHECK_CHARACTERS, compute_check_character
from coupon_core.domain.models import CodeAlphabet, Definition

CODE_REGEX = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}", re.ASCII)
PREFIX_REGEX = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,31}", re.ASCII)
MAX_CODE_LENGTH = 64
MIN_RANDOM_LENGTH, DEFAULT_RANDOM_LENGTH, MAX_RANDOM_LENGTH = 4, 8, 32

ALPHABETS = {
    # No 0 O 1 I L: people read codes aloud and copy them from paper.
    CodeAlphabet.UNAMBIGUOUS: "23456789ABCDEFGHJKMNPQRSTUVWXYZ",
    CodeAlphabet.FULL: "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ",
}


def normalize_code(code: str) -> str | None:
    """The code without outer blanks, or None when it cannot be one.

    Non-ASCII is refused before any folding: `'ſave10'.upper()` is `'SAVE10'`.
    """
    code = code.strip(" \t")
    return code if CODE_REGEX.fullmatch(code) else None


def to_lookup_key(code: str) -> str:
    """What codes are looked up by: ASCII upper case."""
    return code.upper()


def code_scope(code: str, case_sensitive: bool, user_id: str) -> str:
    """Among coupons of one lookup key, what a shared code's coupon is the only one of.

    Random codes have the scope "" and so are alone in their tenant. Neither codes
    nor user ids may hold a slash, so scopes of different codes never meet.
    """
    return f"{code}/{user_id}" if case_sensitive else user_id


DIGIT_PLACEHOLDER, LETTER_PLACEHOLDER, ALPHANUMERIC_PLACEHOLDER = "#", "?", "*"
# With a check character as many fixed ones come first, so that the code is known by
# them as one that has it.
MIN_FIXED_PREFIX_LENGTH = 3
CODE_PATTERN_REGEX = re.compile(r"[A-Za-z0-9#?*][A-Za-z0-9_#?*-]{0,63}", re.ASCII)


def code_format_key(definition: Definition) -> tuple[object, ...]:
    """All that says how a definition's random codes are made."""
    return (
        definition.code_prefix,
        definition.code_length,
        definition.code_alphabet,
        definition.code_pattern,
        definition.code_check,
    )


def position_alphabets(definition: Definition) -> list[str]:
    """For each place of a random code, but the check character, what may stand there.

    A fixed place has one character.
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
    """How all random codes of a definition begin, as a lookup key."""
    fixed_characters = takewhile(
        lambda alphabet: len(alphabet) == 1, position_alphabets(definition)
    )
    return to_lookup_key("".join(fixed_characters))


def code_space_size(definition: Definition) -> int:
    """How many different random codes a definition can have."""
    count = prod(len(alphabet) for alphabet in position_alphabets(definition))
    if not definition.code_check:
        return count
    # Those are thrown away whose check character is not of the alphabet.
    return count * len(ALPHABETS[definition.code_alphabet]) // len(CHECK_CHARACTERS)


def generate_codes(definition: Definition, count: int) -> list[str]:
    """`count` random codes of a definition; repeats are possible."""
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
    """About as many codes, each with its check character, if the alphabet has it."""
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
    """`count` random codes from the system's secure source; repeats are possible."""
    text = _generate_random_text(count * length, ALPHABETS[alphabet])
    return [
        prefix + text[start : start + length] for start in range(0, len(text), length)
    ]


def _generate_random_text(length: int, alphabet: str) -> str:
    # One block of bytes, the uneven rest of 256 thrown away so that every character
    # is equally likely: forty times quicker than a choice per character.
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
    """A code for each number: `{creator}`, `{number}` and `{random}` filled in.

    No code comes twice; there may be fewer than numbers when chance repeats one.
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
    """A code after a pattern; numbers have three digits at least."""
    code = template.replace("{creator}", creator_key).replace("{random}", random_part)
    return to_lookup_key(code.replace("{number}", f"{number:03}"))
