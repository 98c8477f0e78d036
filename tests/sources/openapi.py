"""An official OpenAPI document, asked whether a request may be made and whether an answer is one of its own."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from openapi_schema_validator import OAS30Validator


class Contract:
    """One document. References within it are resolved by keeping its components beside each schema."""

    def __init__(self, path: Path) -> None:
        self._document = json.loads(path.read_text())

    def request_faults(self, path: str, query: dict[str, list[str]], method: str = "get") -> list[str]:
        """Return what the document has against a request: an unknown parameter, a missing one, a bad value."""
        operation = self._operation(path, method)
        known = {p["name"]: p for p in map(self._resolved, operation["parameters"]) if p["in"] == "query"}
        faults = [f"{name} is not in the document" for name in query if name not in known]
        faults += [f"{name} is missing" for name, p in known.items() if p.get("required") and name not in query]
        for name, values in query.items():
            if name in known:
                schema = self._resolved(known[name]["schema"])
                faults += self._faults(schema, _typed(values[-1], schema), name)
        return faults

    def answer_faults(self, path: str, body: Any, status: str = "200", method: str = "get") -> list[str]:
        """Return what the document has against an answer's body."""
        content = self._operation(path, method)["responses"][status]["content"]["application/json"]
        return self._faults(content["schema"], body, "body")

    def _operation(self, path: str, method: str) -> dict[str, Any]:
        def fits(template: str) -> bool:
            return re.fullmatch(re.sub(r"\\\{[^}]+\\\}", "[^/]+", re.escape(template)), path) is not None

        # A path of fixed words goes before one with a parameter in their place.
        found = sorted((template for template in self._document["paths"] if fits(template)), key=lambda t: t.count("{"))
        operation: dict[str, Any] = self._document["paths"][found[0]][method]
        return operation

    def _resolved(self, held: dict[str, Any]) -> dict[str, Any]:
        while "$ref" in held:
            target: Any = self._document
            for part in held["$ref"].removeprefix("#/").split("/"):
                target = target[part]
            held = target
        return held

    def _faults(self, schema: dict[str, Any], value: Any, where: str) -> list[str]:
        whole = {**schema, "components": self._document["components"]}
        errors = OAS30Validator(whole).iter_errors(value)
        return [f"{where} {'/'.join(map(str, error.path))}: {error.validator}" for error in errors]


def _typed(text: str, schema: dict[str, Any]) -> Any:
    kind = schema.get("type")
    if kind == "array":
        return text.split(",")
    return int(text) if kind == "integer" and text.lstrip("-").isdecimal() else text
