"""Official documents as validators: an OpenAPI document by path, and the lexicons of the AT Protocol by name."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema
import yaml
from jsonschema.exceptions import ValidationError
from openapi_schema_validator import OAS30Validator, OAS31Validator


class OpenApi:
    """One OpenAPI document. Objects may have no other fields than those it names, unless they are composed."""

    def __init__(self, path: Path) -> None:
        # JSON is YAML too, but read a hundred times slower by this.
        load = json.loads if path.suffix == ".json" else yaml.safe_load
        self._document = load(path.read_text(encoding="utf-8"))
        self._components = _closed(self._document["components"])
        # What others are composed of has, in them, more fields than its own.
        for name in set(re.findall(r"#/components/schemas/([^\"]+)", json.dumps(list(_composed(self._document))))):
            if "additionalProperties" not in self._document["components"]["schemas"][name]:
                self._components["schemas"][name].pop("additionalProperties", None)
        self._validator = OAS30Validator if self._document["openapi"].startswith("3.0") else OAS31Validator

    def operation(self, method: str, path: str) -> dict[str, Any]:
        """Return what the document says of a path, whatever stands in the place of its parameters."""
        paths = self._document["paths"]
        found = {t: o for t, o in paths.items() if re.fullmatch(re.sub(r"\\?\{[^}]*\}", "[^/]+", t), path)}
        # A path without parameters is meant before one with them.
        template = min(found, key=lambda template: template.count("{"))
        operation: dict[str, Any] = found[template][method.lower()]
        return operation

    def check_request(self, method: str, path: str, query: dict[str, list[str]]) -> None:
        """Assert that the document has the path and knows each parameter, and that none it wants is missing."""
        parameters = map(self._resolved, self.operation(method, path).get("parameters", []))
        told = {parameter["name"]: parameter for parameter in parameters if parameter["in"] == "query"}
        for name, values in query.items():
            parameter = told[name.removesuffix("[]")]
            schema = self._resolved(parameter["schema"])
            if schema.get("type") == "array":
                # Several values come in one, with commas between, where the document does not have them explode.
                parts = values if parameter.get("explode", True) else values[-1].split(",")
                items = self._resolved(schema["items"])
                self._validate([_typed(part, items.get("type")) for part in parts], schema)
            else:
                assert len(values) == 1, f"{name} is there {len(values)} times"
                self._validate(_typed(values[0], schema.get("type")), schema)
        missing = {name for name, parameter in told.items() if parameter.get("required")} - set(query)
        assert not missing, f"{missing} is missing"

    def check_answer(self, method: str, path: str, status: int, body: Any) -> None:
        """Assert that an answer is one that the document describes. Raises ValidationError."""
        content = self.operation(method, path)["responses"][str(status)]["content"]
        self._validate(body, content["application/json"]["schema"])

    def _resolved(self, held: dict[str, Any]) -> dict[str, Any]:
        while "$ref" in held:
            target: Any = self._document
            for part in held["$ref"].removeprefix("#/").split("/"):
                target = target[part]
            held = target
        return held

    def _validate(self, body: Any, schema: Any) -> None:
        self._validator({**_closed(schema), "components": self._components}).validate(body)


def _typed(value: str, kind: Any) -> Any:
    """Return a parameter's text as what it stands for; what is no such thing stays text, and is found invalid."""
    if kind == "integer":
        return int(value) if value.removeprefix("-").isdecimal() else value
    return {"true": True, "false": False}.get(value, value) if kind == "boolean" else value


def _composed(held: Any) -> Iterator[Any]:
    """Yield the references of every `allOf`."""
    if isinstance(held, list):
        for one in held:
            yield from _composed(one)
    elif isinstance(held, dict):
        yield from (part["$ref"] for part in held.get("allOf", ()) if "$ref" in part)
        yield from _composed(list(held.values()))


def _closed(schema: Any, *, is_part: bool = False) -> Any:
    """Return a schema whose objects have no other fields than it names; a part of an `allOf` has its neighbours'."""
    if isinstance(schema, list):
        return [_closed(one, is_part=is_part) for one in schema]
    if not isinstance(schema, dict):
        return schema
    inner = {name: _closed(part, is_part=name == "allOf") for name, part in schema.items()}
    plain = isinstance(schema.get("properties"), dict) and not {"allOf", "additionalProperties"} & set(schema)
    closes = plain and not is_part and schema.get("type") == "object"
    return inner | ({"additionalProperties": False} if closes else {})


_FORMATS = {
    "did": r"^did:[a-z]+:[A-Za-z0-9._:%-]+$",
    "handle": r"^([a-zA-Z0-9]([a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?\.)+[a-zA-Z]([a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?$",
    "at-uri": r"^at://(did:[a-z]+:[A-Za-z0-9._:%-]+|[a-zA-Z0-9.-]+)(/[A-Za-z0-9.-]+(/[A-Za-z0-9._:~-]+)?)?$",
    "at-identifier": r"^(did:[a-z]+:[A-Za-z0-9._:%-]+|[a-zA-Z0-9.-]+)$",
    "cid": r"^b[a-z2-7]{50,}$",
    "datetime": r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$",
    "uri": r"^[a-z][a-z0-9+.-]*:\S+$",
    "language": r"^[a-z]{2,3}(-[A-Za-z0-9-]+)?$",
}
_JSON_TYPES = {"string": "string", "integer": "integer", "boolean": "boolean"}


class Lexicons:
    """A folder of lexicons. `missing` are those that are referred to and are not there; they allow everything."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.missing: set[str] = set()

    def check_output(self, method: str, body: Any) -> None:
        """Assert that an answer is what a query or procedure puts out. Raises ValidationError."""
        self._check(self._main(method)["output"]["schema"], body, method)

    def check_record(self, kind: str, body: Any) -> None:
        self._check(self._main(kind)["record"], body, kind)

    def check_params(self, method: str, query: dict[str, list[str]]) -> None:
        """Assert that a query knows each parameter, and that none it wants is missing."""
        told = self._main(method)["parameters"]
        for name, values in query.items():
            schema = told["properties"][name]
            of = schema["items"] if schema["type"] == "array" else schema
            assert (
                len(values) <= schema.get("maxLength", len(values)) if schema["type"] == "array" else len(values) == 1
            )
            for value in values:
                self._check(of, _typed(value, of["type"]), method)
        assert set(told.get("required", [])) <= set(query)

    def _main(self, name: str) -> dict[str, Any]:
        main: dict[str, Any] = self._document(name)["defs"]["main"]
        return main

    @cache  # noqa: B019, it lives as long as one test
    def _document(self, name: str) -> Any:
        return json.loads((self._folder / f"{name.replace('.', '/')}.json").read_text(encoding="utf-8"))

    def _check(self, schema: dict[str, Any], held: Any, home: str, at: str = "$") -> None:
        kind = schema["type"]
        if kind == "ref":
            self._check_named(schema["ref"], held, home, at)
        elif kind == "union":
            self._check_union(schema, held, home, at)
        elif kind == "object":
            _wants(isinstance(held, dict), f"{at} is no object")
            for name in schema.get("required", []):
                _wants(name in held, f"{at} has no {name}")
            for name, part in schema.get("properties", {}).items():
                if name in held and not (held[name] is None and name in schema.get("nullable", [])):
                    self._check(part, held[name], home, f"{at}.{name}")
            unknown = set(held) - set(schema.get("properties", {})) - {"$type"}
            _wants(not unknown, f"{at} has {unknown}, which nobody knows")
        elif kind == "array":
            _wants(isinstance(held, list), f"{at} is no list")
            _wants(len(held) <= schema.get("maxLength", len(held)), f"{at} is too long")
            for number, part in enumerate(held):
                self._check(schema["items"], part, home, f"{at}[{number}]")
        elif kind in _JSON_TYPES:
            jsonschema.Draft202012Validator(
                {
                    "type": _JSON_TYPES[kind],
                    **{name: schema[name] for name in ("minimum", "maximum", "const", "enum") if name in schema},
                    **({"pattern": _FORMATS[schema["format"]]} if "format" in schema else {}),
                }
            ).validate(held)

    def _check_union(self, schema: dict[str, Any], held: Any, home: str, at: str) -> None:
        """A union's parts say by `$type` which they are; only a closed one has no others."""
        _wants(isinstance(held, dict) and "$type" in held, f"{at} has no $type")
        allowed = {_whole(ref, home) for ref in schema["refs"]}
        named = held["$type"] if "#" in held["$type"] else f"{held['$type']}#main"
        _wants(named in allowed or not schema.get("closed"), f"{at} is {named}, which is not allowed there")
        if named in allowed:
            self._check_named(named, held, home, at)

    def _check_named(self, ref: str, held: Any, home: str, at: str) -> None:
        document, _, definition = _whole(ref, home).partition("#")
        try:
            schema = self._document(document)["defs"][definition]
        except FileNotFoundError:
            self.missing.add(document)
            return
        self._check(schema, held, document, at)


def _whole(ref: str, home: str) -> str:
    document, _, definition = ref.partition("#")
    return f"{document or home}#{definition or 'main'}"


def _wants(holds: bool, otherwise: str) -> None:
    if not holds:
        raise ValidationError(otherwise)
