"""Google's discovery documents as tests need them: which parameters a method takes, and what its answers may hold."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import jsonschema


class Discovery:
    """One API's document. Nothing may be asked, and nothing answered, that it does not name."""

    def __init__(self, path: Path) -> None:
        self.document: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        self.methods = {method["id"]: method for method in _methods(self.document)}
        self._definitions = {name: _strict(schema) for name, schema in self.document["schemas"].items()}

    def check_request(self, method_id: str, query: Mapping[str, list[str]]) -> None:
        """Assert that a query has what a method wants, and only what it knows."""
        known = self.methods[method_id]["parameters"] | self.document["parameters"]
        assert set(query) <= known.keys(), set(query) - known.keys()
        for name, told in known.items():
            assert name in query or not told.get("required") or told["location"] == "path", f"{name} is missing"
            for value in query.get(name, []):
                assert value in told.get("enum", [value]), f"{name}={value}"
                assert not told.get("maximum") or int(value) <= int(told["maximum"]), f"{name}={value}"

    def check_answer(self, schema: str, body: Any) -> None:
        """Assert that a body is one of a schema, without a field that the schema does not have."""
        jsonschema.validate(body, {"$ref": f"#/definitions/{schema}", "definitions": self._definitions})


def _methods(resource: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield from resource.get("methods", {}).values()
    for inner in resource.get("resources", {}).values():
        yield from _methods(inner)


def _strict(schema: dict[str, Any]) -> dict[str, Any]:
    """Return a schema of a discovery document as a JSON schema that knows all its fields."""
    if "$ref" in schema:
        return {"$ref": f"#/definitions/{schema['$ref']}"}
    told = {key: schema[key] for key in ("type", "enum") if key in schema}
    if schema.get("format") in ("int64", "uint64"):
        told["pattern"] = "^-?[0-9]+$"
    if "properties" in schema:
        told["properties"] = {name: _strict(inner) for name, inner in schema["properties"].items()}
        told["additionalProperties"] = False
    for key in ("items", "additionalProperties"):
        if isinstance(schema.get(key), dict):
            told[key] = _strict(schema[key])
    return told
