"""Meta's own specification of nodes, edges, fields and values, to check what we ask and what stands in for Meta."""

from __future__ import annotations

import json
import re
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import jsonschema

from tests.conftest import SHARED

FACEBOOK = SHARED / "contracts" / "facebook_pages"
INSTAGRAM = SHARED / "contracts" / "instagram"
# Paging is Graph's own, on every edge, and so is the choice of fields and the proof of the app's secret.
COMMON = {"fields", "limit", "after", "since", "until", "summary", "appsecret_proof"}
_PLAIN: dict[str, dict[str, Any]] = {
    "string": {"type": "string"},
    "int": {"type": "integer"},
    "unsigned int": {"type": "integer", "minimum": 0},
    "float": {"type": "number"},
    "bool": {"type": "boolean"},
    "datetime": {"type": "string", "pattern": r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\+0000$"},
    "Object": {},
    "list": {"type": "array"},
}


class Field(NamedTuple):
    """One field of a `fields` parameter: its name, its modifiers by name, its own fields."""

    name: str
    modifiers: dict[str, str]
    fields: list[Field]


class Contract:
    """The specification of one platform."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder / "graph-api-specs"
        self._names = _ON_INSTAGRAM if folder == INSTAGRAM else {}

    @cache  # noqa: B019, there are two of these and both live as long as the tests
    def node(self, name: str) -> dict[str, Any] | None:
        path = self._folder / f"{name}.json"
        return json.loads(path.read_bytes()) if path.is_file() else None

    @cache  # noqa: B019, as above
    def enums(self) -> dict[str, list[str]]:
        return {item["name"]: item["values"] for item in json.loads((self._folder / "enum_types.json").read_bytes())}

    def types(self, name: str) -> dict[str, str]:
        node = self.node(name)
        assert node, f"the specification has no {name}"
        return {field["name"]: field["type"] for field in node["fields"]}

    def edge(self, name: str, edge: str) -> dict[str, Any]:
        """Return how an edge of a node is read: `return` is the node it lists, `params` what it takes."""
        node = self.node(name)
        assert node, f"the specification has no {name}"
        [found] = [api for api in node["apis"] if api["method"] == "GET" and api.get("endpoint") == edge]
        return dict(found)

    def listed(self, edge: dict[str, Any]) -> str:
        """Return the node an edge lists."""
        return self._names.get(edge["return"], str(edge["return"]))

    def check_params(self, name: str, edge: str, query: dict[str, list[str]]) -> None:
        """Assert that an edge takes these parameters, with values it knows."""
        known = {param["name"]: param["type"] for param in self.edge(name, edge)["params"]}
        for param, values in query.items():
            assert param in known or param in COMMON, f"{name}/{edge} takes no {param}"
            self._check_value(known.get(param, ""), values[-1])

    def _check_value(self, kind: str, value: str) -> None:
        one = re.sub(r"^list<(.*)>$", r"\1", kind)
        if one in self.enums():
            assert set(value.split(",")) <= set(self.enums()[one]), f"{value} is none of {one}"

    def check_fields(self, name: str, fields: list[Field]) -> None:
        """Assert that a node has these fields and edges, and these theirs."""
        types = self.types(name)
        for field in fields:
            if field.name in types:
                below = re.sub(r"^list<(.*)>$", r"\1", types[field.name])
                if field.fields and self.node(below):
                    self.check_fields(below, field.fields)
                continue
            edge = self.edge(name, field.name)
            given = {key: [value] for key, value in field.modifiers.items() if key not in ("as", "limit", "summary")}
            self.check_params(name, field.name, given)
            if field.fields:
                self.check_fields(self.listed(edge), field.fields)

    def schema(self, name: str, deep: int = 3) -> dict[str, Any]:
        """Return a JSON schema of a node that allows no other fields than its own, and aliases of `reactions`."""
        node = self.node(name)
        if node is None or deep == 0:
            return {"type": "object"}
        fields = {field["name"]: self._of(field["type"], deep) for field in node["fields"]}
        edges = {
            api["endpoint"]: self.listing(self.listed(api), deep - 1)
            for api in node["apis"]
            if api["method"] == "GET" and api.get("endpoint")
        }
        return {
            "type": "object",
            "properties": edges | fields,
            "patternProperties": {"^reactions_[a-z]+$": self.listing("Profile", 0)},
            "additionalProperties": False,
        }

    def listing(self, name: str, deep: int = 3) -> dict[str, Any]:
        """Return a JSON schema of a list of nodes."""
        return {
            "type": "object",
            "properties": {
                "data": {"type": "array", "items": self.schema(name, deep)},
                "paging": {"type": "object"},
                "summary": {"type": "object"},
            },
            "required": ["data"],
            "additionalProperties": False,
        }

    def _of(self, kind: str, deep: int) -> dict[str, Any]:
        if kind in _PLAIN:
            return _PLAIN[kind]
        if inner := re.fullmatch(r"list<(.*)>", kind):
            return {"type": "array", "items": self._of(inner[1], deep)}
        return self.schema(kind, deep - 1)


def valid(held: Any, schema: dict[str, Any]) -> None:
    jsonschema.Draft202012Validator(schema).validate(held)


def fields_in(text: str) -> list[Field]:
    """Return the fields of a `fields` parameter: `name.modifier(value){its,own,fields}`, with commas between."""
    found, rest = _fields(text)
    assert rest == "", f"not a list of fields: {rest}"
    return found


def _fields(text: str) -> tuple[list[Field], str]:
    found = []
    while True:
        name = re.match(r"\w+", text)
        assert name, f"no field at: {text}"
        text = text[name.end() :]
        modifiers = {}
        while modifier := re.match(r"\.(\w+)\(([^()]*)\)", text):
            modifiers[modifier[1]] = modifier[2]
            text = text[modifier.end() :]
        below: list[Field] = []
        if text.startswith("{"):
            below, text = _fields(text[1:])
            assert text.startswith("}"), f"not closed: {text}"
            text = text[1:]
        found.append(Field(name[0], modifiers, below))
        if not text.startswith(","):
            return found, text
        text = text[1:]


# Where the specification calls a node by the name it has on Instagram alone.
_ON_INSTAGRAM = {"Media": "IGMediaForIGOnlyAPI", "Comment": "IGComment", "InsightsResult": "InstagramInsightsResult"}
