"""Forms understand numbers and dates as people write them."""

from __future__ import annotations

from typing import Any

import pytest
from marshmallow import Schema, fields
from werkzeug.datastructures import MultiDict

from admin_gateway.console.forms import read_fields
from coupon_core.schemas.entered_times import EnteredTimeField


class EnteredSchema(Schema):
    """A number, a date and a text."""

    count = fields.Integer()
    starts_at = EnteredTimeField("When it starts.")
    name = fields.String()


@pytest.mark.parametrize(
    ("name", "text", "expected"),
    [
        ("count", "50000", 50_000),
        ("count", "50,000", 50_000),
        ("count", "50.000", 50_000),
        ("count", "50 000", 50_000),
        ("count", "50\u202f000", 50_000),
        ("count", "10.000.000", 10_000_000),
        ("count", "-1.000", -1_000),
        ("count", "1.5", "1.5"),
        ("count", "1.50", "1.50"),
        ("count", "5.0000", "5.0000"),
        ("count", "1.000,000", "1.000,000"),
        ("count", "--5", "--5"),
        ("count", "many", "many"),
        ("starts_at", "27.11.2030", "2030-11-27"),
        ("starts_at", "1.2.2030 09:00", "2030-02-01 09:00"),
        ("starts_at", "2030-11-27", "2030-11-27"),
        ("starts_at", "27/11/2030", "27/11/2030"),
        ("starts_at", "soon", "soon"),
        ("name", "27.11.2030", "27.11.2030"),
        ("name", "50.000", "50.000"),
    ],
)
def test_a_text_is_read_as_it_is_meant(name: str, text: str, expected: Any) -> None:
    assert read_fields(EnteredSchema(), MultiDict({name: text})) == {name: expected}
