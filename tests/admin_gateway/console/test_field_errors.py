"""Forms say in the language of the reader what is wrong with an input."""

from __future__ import annotations

from typing import Any

import pytest
from marshmallow import Schema
from werkzeug.datastructures import MultiDict

from admin_gateway.console.field_errors import TEXTS
from admin_gateway.console.forms import Form
from admin_gateway.requests.campaigns import CreateCampaignSchema
from admin_gateway.requests.creators import CreateCreatorSchema
from admin_gateway.requests.definitions import CreateDefinitionSchema
from admin_gateway.requests.points import PointChangeSchema
from admin_gateway.requests.reward_items import CreateRewardItemSchema
from tests.support.admin_client import AdminClient

REWARD, POINTS = CreateRewardItemSchema, PointChangeSchema
CAMPAIGN, DEFINITION = CreateCampaignSchema, CreateDefinitionSchema
CASES: list[tuple[type[Schema], str, str, str]] = [
    (REWARD, "name", "", "Bitte füllen Sie dieses Feld aus."),
    (REWARD, "name", "x" * 300, "Geben Sie höchstens 255 Zeichen ein, in einer Zeile"),
    (REWARD, "reward_type", "x" * 300, "Geben Sie höchstens 64 Zeichen ein."),
    (REWARD, "payload", "{", "kein gültiges JSON: Sehen Sie Zeile 1, Spalte 2 an"),
    (REWARD, "payload", "[1]", "Das ist kein JSON-Objekt."),
    (POINTS, "amount", "viel", "Geben Sie eine ganze Zahl von 1 bis"),
    (POINTS, "user_id", "a/b", "Geben Sie höchstens 128 Zeichen ein, ohne Leerzeichen"),
    (POINTS, "point_id", "€", "Erlaubt sind nur Buchstaben ohne Umlaute, Ziffern"),
    (CAMPAIGN, "campaign_id", "a b", "Erlaubt sind nur Buchstaben ohne Umlaute"),
    (CAMPAIGN, "campaign_id", "a\x01", "Geben Sie nur sichtbare Zeichen ein"),
    (CAMPAIGN, "starts_at", "bald", "„bald“ ist keine Zeit."),
    (CAMPAIGN, "starts_at", "31.02.2030", "„2030-02-31“ ist keine Zeit."),
    (CAMPAIGN, "time_zone", "Berlin", "Geben Sie einen Namen wie Europe/Berlin ein."),
    (CreateCreatorSchema, "creator_key", "abc", "Geben Sie 5 Großbuchstaben oder"),
    (DEFINITION, "config.limits.total", "1.5", "Geben Sie eine ganze Zahl von 1 bis"),
]


@pytest.fixture
def _german(sqlite_admin: AdminClient) -> Any:
    headers = {"Accept-Language": "de"}
    with sqlite_admin.app.test_request_context("/console", headers=headers):
        yield


@pytest.mark.usefixtures("_german")
def test_wrong_input_is_explained_in_german() -> None:
    for schema, name, text, expected in CASES:
        form = Form(MultiDict({name: text}))
        assert form.submit(schema(), lambda loaded: loaded) is None
        assert expected in form.errors.get(name, ""), (name, text)
    assert len(CASES) > len(TEXTS)
