"""Strict JSON: ambiguous input is a 400 that names what was expected."""

import json
import time

import pytest

from coupon_core.schemas.errors import ApiError
from coupon_core.schemas.strict_json import parse_object

REFUSED_BODIES = {
    "empty": (b"", "object was expected, got an empty body", ""),
    "blank": (b" \n ", "object was expected, got an empty body", ""),
    "list": (b"[]", "got an array", ""),
    "text": (b'"a"', "got text", ""),
    "null": (b"null", "got null", ""),
    "boolean": (b"true", "got true or false", ""),
    "number": (b"1", "got a number", ""),
    "byte order mark": (b"\xef\xbb\xbf{}", "byte order mark", ""),
    "UTF-16": ('{"a":1}'.encode("utf-16-le"), "valid JSON was expected", ""),
    "UTF-16 with mark": ('{"a":1}'.encode("utf-16"), "byte 0 is not", ""),
    "Latin-1": ('{"a":"é"}'.encode("latin-1"), "byte 6 is not", ""),
    "overlong": (b'{"a":"\xc0\xaf"}', "byte 6 is not", ""),
    "raw surrogate": (b'{"a":"\xed\xa0\x80"}', "byte 6 is not", ""),
    "twice": (b'{"a":1,"b":2,"a":1}', "each name once", "a"),
    "twice, escaped": (b'{"a":1,"\\u0061":1}', "each name once", "a"),
    "twice, deep": (b'{"x":[{"b":1,"b":1}]}', "each name once", "b"),
    "NaN": (b'{"a":NaN}', "finite number was expected, got NaN", ""),
    "Infinity": (b'{"a":Infinity}', "got Infinity", ""),
    "-Infinity": (b'{"a":-Infinity}', "got -Infinity", ""),
    "1e400": (b'{"a":1e400}', "finite number was expected, got 1e400", ""),
    "-1e400": (b'{"a":-1e400}', "finite number", ""),
    "2^63": (b'{"a":9223372036854775808}', "at most 64 bits", ""),
    "-2^63-1": (b'{"a":-9223372036854775809}', "at most 64 bits", ""),
    "5,000 digits": (b'{"a":' + b"9" * 5000 + b"}", "at most 64 bits", ""),
    "NUL": (b'{"a":"\\u0000"}', "without NUL or lone surrogates", "a"),
    "NUL in a name": (b'{"b\\u0000":1}', "without NUL", ""),
    "raw NUL": (b'{"a":"\x00"}', "line 1, column 7", ""),
    "high surrogate": (b'{"a":{"b":["x","\\ud800"]}}', "surrogates", "a.b.1"),
    "low surrogate": (b'{"a":"\\udc00x"}', "surrogates", "a"),
    "surrogate in a name": (b'{"\\ud800":1}', "surrogates", ""),
    "raw line end": (b'{"a":"\n"}', "line 1, column 7", ""),
    "after the end": (b"{} {}", "Extra data (line 1, column 4)", ""),
    "comma at the end": (b'{"a":1,\n}', "line 2, column 1", ""),
    "single quotes": (b"{'a':1}", "line 1, column 2", ""),
    "comment": (b'{"a":1} // x', "column 9", ""),
    "leading zero": (b'{"a":01}', "column 7", ""),
    "plus": (b'{"a":+1}', "column 6", ""),
    "hexadecimal": (b'{"a":0x1}', "column 7", ""),
    "no-break space": ('{"a":\u00a01}'.encode(), "column 6", ""),
    "unclosed": (b'{"a":"', "Unterminated", ""),
    "21 levels": (b'{"a":' + b"[" * 20 + b"]" * 20 + b"}", "at most 20 levels", ""),
}


@pytest.mark.parametrize(
    ("data", "expected_text", "path"), REFUSED_BODIES.values(), ids=list(REFUSED_BODIES)
)
def test_what_parsers_may_read_differently_is_refused(
    data: bytes, expected_text: str, path: str
) -> None:
    with pytest.raises(ApiError) as raised:
        parse_object(data)
    error = raised.value
    assert (error.status, error.code) == (400, "BAD_JSON")
    assert expected_text in error.message
    if path:
        assert error.details[0].path == path
    json.dumps(
        error.message, ensure_ascii=False
    ).encode()  # must be encodable, because it is sent


ACCEPTED_BODIES = {
    "empty object": b"{}",
    "blanks around": b'\t\r\n {"a" : 1 } ',
    "20 levels": b'{"a":' + b"[" * 19 + b"]" * 19 + b"}",
    "brackets in text": b'{"a":"' + b"[{" * 500 + b'"}',
    "escaped quotes": b'{"a":"\\"[[[[[[[[[[[[[[[[[[[[[["}',
    "side by side": b'{"a":[' + b"[],{}," * 50 + b"1]}",
    "pair of surrogates": b'{"a":"\\ud83d\\ude00"}',
    "escaped backslash": b'{"a":"\\\\u0000"}',
    "int64": b'{"a":[9223372036854775807,-9223372036854775808]}',
    "floats": b'{"a":[1.5,1e3,-0.0,1e-400]}',
    "same name apart": b'{"a":{"b":1},"c":{"b":1}}',
}


@pytest.mark.parametrize("data", ACCEPTED_BODIES.values(), ids=list(ACCEPTED_BODIES))
def test_plain_json_is_read_as_it_is(data: bytes) -> None:
    assert parse_object(data) == json.loads(data)


EXPENSIVE_BODIES = {
    "50,000 lists": b"[" * 50_000,
    "objects": b'{"a":' * 13_000,
    "closed objects": b'{"a":' * 10_000 + b"1" + b"}" * 10_000,
    "unclosed quotes": b'{"a":"' + b'\\"' * 32_000,
    "quotes": b'"' * 65_000,
    "brackets before quotes": b"[" * 19 + b"[],{}," * 5_000 + b'"\\' * 15_000,
    "digits": b'{"a":' + b"9" * 65_000 + b"}",
    "long names, many texts": b'{"' + b"k" * 20_000 + b'":['
    + b'"\\u0041",' * 5_000 + b'"\\u0000"]}',
}  # fmt: skip


@pytest.mark.parametrize("data", EXPENSIVE_BODIES.values(), ids=list(EXPENSIVE_BODIES))
def test_refusal_costs_no_more_than_its_size_and_is_short(data: bytes) -> None:
    started_at = time.process_time()
    with pytest.raises(ApiError) as raised:
        parse_object(data)
    assert time.process_time() - started_at < 1.0  # quadratic time would take minutes
    assert len(raised.value.message) < 400
