"""The checker of official documents refuses what a document does not have, in either version of OpenAPI."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from jsonschema.exceptions import ValidationError

from tests.sources.contract import OpenApi

DOCUMENT: dict[str, Any] = {
    "paths": {
        "/things/{id}": {
            "get": {
                "parameters": [
                    {"$ref": "#/components/parameters/Fields"},
                    {"name": "limit", "in": "query", "required": True, "schema": {"type": "integer", "maximum": 5}},
                    {"name": "kinds", "in": "query", "schema": {"type": "array", "items": {"type": "string"}}},
                ],
                "responses": {
                    "200": {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/Thing"}}}}
                },
            }
        },
    },
    "components": {
        "parameters": {
            "Fields": {
                "name": "fields",
                "in": "query",
                "explode": False,
                "schema": {"type": "array", "items": {"type": "string", "enum": ["a", "b"]}},
            }
        },
        "schemas": {
            "Thing": {
                "type": "object",
                "required": ["id"],
                "properties": {"id": {"type": "string"}, "mark": {"$ref": "#/components/schemas/Mark"}},
            },
            "Place": {"type": "object", "required": ["start"], "properties": {"start": {"type": "integer"}}},
            "Mark": {
                "allOf": [
                    {"$ref": "#/components/schemas/Place"},
                    {"type": "object", "required": ["name"], "properties": {"name": {"type": "string"}}},
                ]
            },
        },
    },
}


@pytest.fixture(params=["3.0.0", "3.1.0"])
def document(request: pytest.FixtureRequest, tmp_path: Path) -> OpenApi:
    path = tmp_path / "document.json"
    path.write_text(json.dumps(DOCUMENT | {"openapi": request.param}))
    return OpenApi(path)


@pytest.mark.parametrize("body", [{"id": "1"}, {"id": "1", "mark": {"start": 1, "name": "x"}}])
def test_what_the_document_describes_passes(document: OpenApi, body: Any) -> None:
    document.check_answer("GET", "/things/7", 200, body)
    document.check_request("GET", "/things/7", {"limit": ["5"], "fields": ["a,b"], "kinds[]": ["x", "y"]})


@pytest.mark.parametrize(
    "body",
    [{}, {"id": 1}, {"id": "1", "more": 2}, {"id": "1", "mark": {"name": "x"}}, {"id": "1", "mark": {"start": 1}}],
)
def test_another_answer_is_refused(document: OpenApi, body: Any) -> None:
    with pytest.raises(ValidationError):
        document.check_answer("GET", "/things/7", 200, body)


@pytest.mark.parametrize(
    "query",
    [{}, {"limit": ["6"]}, {"limit": ["x"]}, {"limit": ["1", "2"]}, {"limit": ["1"], "fields": ["a,c"]},
     {"limit": ["1"], "other": ["1"]}],
)  # fmt: skip
def test_another_request_is_refused(document: OpenApi, query: dict[str, list[str]]) -> None:
    with pytest.raises((ValidationError, AssertionError, KeyError)):
        document.check_request("GET", "/things/7", query)
