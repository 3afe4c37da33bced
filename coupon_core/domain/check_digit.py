"""Compute the check character that detects typing errors in codes (Damm's algorithm).

It is computed over the 36 letters and digits as pairs of GF(4) × GF(9); `-`, `_` and
case do not count. It detects every single wrong character and every swap of two
different neighbours: state `a·s + v` with `a` other than 0 and 1 is a totally
anti-symmetric quasigroup in both fields, and therefore in their product.
(H. M. Damm, Total anti-symmetrische Quasigruppen, Marburg 2004.)
"""

CHECK_CHARACTERS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_CHARACTER_VALUES = {
    character: value for value, character in enumerate(CHECK_CHARACTERS)
}
# Multiplication by the generator x of GF(4).
_TIMES_X_IN_GF4 = (0, 2, 3, 1)


def _multiply_by_x(value: int) -> int:
    high, low = divmod(value, 4)
    second, first = divmod(high, 3)  # first + second·x, where x² = x + 1
    return _TIMES_X_IN_GF4[low] + 4 * (second + 3 * ((first + second) % 3))


def _add_elements(left: int, right: int) -> int:
    left_high, right_high = left // 4, right // 4
    first = (left_high % 3 + right_high % 3) % 3
    second = (left_high // 3 + right_high // 3) % 3
    return (left % 4 ^ right % 4) + 4 * (first + 3 * second)


# The next state, indexed by state and value.
_NEXT_STATE = tuple(
    tuple(_add_elements(_multiply_by_x(state), value) for value in range(36))
    for state in range(36)
)


def _compute_state(code_key: str) -> int:
    state = 0
    for character in code_key:
        value = _CHARACTER_VALUES.get(character)
        if value is not None:
            state = _NEXT_STATE[state][value]
    return state


def compute_check_character(code_key: str) -> str:
    """Return the check character to append to `code_key`, which is in upper case."""
    return CHECK_CHARACTERS[_NEXT_STATE[_compute_state(code_key)].index(0)]


def has_valid_check_digit(code_key: str) -> bool:
    """Return True if a code in upper case ends with its check character."""
    return _compute_state(code_key) == 0
