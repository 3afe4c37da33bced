"""Tests of the CSV reader: each way of writing a table gives the same rows."""

from __future__ import annotations

import csv
import io
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coupon_core.domain.csv_escaping import escape_formula
from coupon_core.domain.identifiers import is_user_id
from coupon_core.domain.models.inventory import ImportRow, RejectedRow
from coupon_core.schemas.csv_decoding import MAX_LINE_BYTES
from coupon_core.schemas.csv_import import read_rows
from coupon_core.schemas.csv_options import CsvOptions, InvalidCsv, parse_column_names
from coupon_core.schemas.csv_users import read_users

DEFAULT = CsvOptions()
ENCODINGS = ("utf-8", "utf-8-sig", "utf-16", "utf-16-be")
MARKS = {"utf-16-be": b"\xfe\xff"}
DELIMITERS = (",", ";", "\t")
LINE_ENDS = ("\r\n", "\n", "\r")
HEADERS = (
    ["user_id", "code"],
    [" User_ID ", "CODE", "", " "],
    ['"user_id"', '"Code" ', ""],
)


def parse(text: str | bytes, options: CsvOptions = DEFAULT) -> list[tuple[str, str]]:
    data = text.encode() if isinstance(text, str) else text
    rows = list(read_rows([data], options))
    assert all(isinstance(row, ImportRow) for row in rows), rows
    return [(row.code, row.user_id) for row in rows if isinstance(row, ImportRow)]


def expect_invalid(text: str, options: CsvOptions = DEFAULT) -> str:
    with pytest.raises(InvalidCsv) as caught:
        list(read_rows([text.encode()], options))
    return caught.value.message


@pytest.mark.parametrize(
    ("encoding", "delimiter", "line_end"),
    list(product(ENCODINGS, DELIMITERS, LINE_ENDS)),
)
@pytest.mark.parametrize("header", HEADERS)
@pytest.mark.parametrize("size", [1, 7, 10_000])
def test_each_way_of_writing_a_table_is_read(
    encoding: str, delimiter: str, line_end: str, header: list[str], size: int
) -> None:
    empty = delimiter * (len(header) - 1)
    lines = [
        "",
        delimiter.join(header),
        delimiter.join([" zoé\u00a0", " A1", *[""] * (len(header) - 2)]),
        empty,
        empty + " " + delimiter,
        delimiter.join(["'+49170", '"B2"']),
        "",
    ]
    if len(header) > 2:
        lines[5] += delimiter
    data = MARKS.get(encoding, b"") + line_end.join(lines).encode(encoding)
    pieces = [data[at : at + size] for at in range(0, len(data), size)]
    rows = list(read_rows(pieces, DEFAULT))
    assert [
        (row.line, row.code, row.user_id) for row in rows if isinstance(row, ImportRow)
    ] == [(3, "A1", "zoé"), (6, "B2", "+49170")]
    assert len(rows) == 2


@given(
    st.lists(st.text(max_size=8).filter(is_user_id), min_size=1, max_size=5),
    st.sampled_from(ENCODINGS),
    st.sampled_from(DELIMITERS),
    st.booleans(),
)
def test_lists_of_users_and_codes_agree_on_every_user(
    users: list[str], encoding: str, delimiter: str, is_single: bool
) -> None:
    buffer = io.StringIO()
    writer = csv.writer(buffer, delimiter=delimiter, quoting=csv.QUOTE_ALL)
    rows = [("user_id", "code"), *((user, f"C{at}") for at, user in enumerate(users))]
    writer.writerows([escape_formula(cell) for cell in row] for row in rows)
    mark = MARKS.get(encoding, b"")
    data = mark + buffer.getvalue().encode(encoding)
    assert [user for _, user in parse(data)] == users
    options = CsvOptions(ignored_columns=frozenset({"code"}))
    unique_users = list(dict.fromkeys(users))
    assert read_users([data], options, 9) == unique_users
    lone = io.StringIO()
    csv.writer(lone, quoting=csv.QUOTE_ALL).writerows(
        [[escape_formula(user)] for user in users]
    )
    text = lone.getvalue() if is_single else "user_id\n" + lone.getvalue()
    options = CsvOptions(has_header=not is_single)
    assert read_users([text.encode()], options, 9) == unique_users


@pytest.mark.parametrize("line", ["sep=;", "SEP=;", '"sep=;"', "\ufeffsep=; "])
def test_a_sep_line_names_the_delimiter(line: str) -> None:
    assert parse(f"{line}\r\ncode;user_id\r\nA1;b,c\r\n") == [("A1", "b,c")]
    assert "sep=|: expected" in expect_invalid("sep=|\ncode\nA1\n")


def test_other_columns_are_left_out_by_name() -> None:
    options = CsvOptions(ignored_columns=parse_column_names('notes , "A, B"'))
    text = 'Code,NOTES,"a, b"\nA1,"one\ntwo",x\nB2,"5"" disk",\n'
    assert parse(text, options) == [("A1", ""), ("B2", "")]
    assert "unknown column 'NOTES'" in expect_invalid(text)


def test_a_column_that_decides_cannot_be_left_out() -> None:
    options = CsvOptions(ignored_columns=frozenset({"status"}))
    message = expect_invalid("code,Status\nA1,revoked\n", options)
    assert "column 'status', which cannot be left out" in message


def test_an_open_quote_spoils_one_line_only() -> None:
    options = CsvOptions(ignored_columns=frozenset({"notes"}))
    rows = list(read_rows([b'code,notes\nA1,"x\nB2,y\nC3,z\n'], options))
    assert [row.line for row in rows if isinstance(row, RejectedRow)] == [2]
    assert [row.line for row in rows if isinstance(row, ImportRow)] == [3, 4]


def test_a_value_without_a_heading_is_refused() -> None:
    text = b"code,,user_id\nA1,,ann\nB2,x,bob\nC3,,cid,y\n"
    good, unnamed, surplus = read_rows([text], DEFAULT)
    assert isinstance(good, ImportRow)
    assert isinstance(unnamed, RejectedRow)
    assert "expected nothing in column 2" in unnamed.reason
    assert isinstance(surplus, RejectedRow)
    assert surplus.reason == "expected 3 columns, found 4: 'C3,,cid,y'"


@pytest.mark.parametrize("line", ["k1;Eva", "k1,Eva", "k1\tEva"])
@pytest.mark.parametrize("has_header", [True, False])
def test_a_file_of_one_column_has_no_second_one(line: str, has_header: bool) -> None:
    text = f"user_id\n{line}\n" if has_header else f"{line}\n"
    with pytest.raises(InvalidCsv) as caught:
        read_users([text.encode()], CsvOptions(has_header=has_header), 9)
    assert "expected one column, user_id, found 2" in caught.value.message
    assert repr(line) in caught.value.message


def test_windows_1252_is_read_when_it_is_named() -> None:
    data = "user_id\nJürg €\n".encode("cp1252")
    assert read_users([data], CsvOptions(codec="cp1252"), 9) == ["Jürg €"]
    with pytest.raises(InvalidCsv, match=r"0xFC.*charset=windows-1252"):
        read_users([data], DEFAULT, 9)


def test_utf_16_without_a_mark_says_what_to_do() -> None:
    with pytest.raises(InvalidCsv, match="UTF-16 with a byte order mark"):
        read_users(["user_id\nann\n".encode("utf-16-le")], DEFAULT, 9)


def test_a_long_line_takes_little_memory_and_spoils_nothing_else() -> None:
    pieces = [b"code\n", *[b"x" * 1_000] * (MAX_LINE_BYTES // 100), b"\nA1\n"]
    long, good = read_rows(pieces, DEFAULT)
    assert isinstance(long, RejectedRow)
    assert f"at most {MAX_LINE_BYTES} bytes" in long.reason
    assert isinstance(good, ImportRow)
