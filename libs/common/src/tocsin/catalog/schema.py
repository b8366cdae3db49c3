"""The JSON Schema of the catalog's documents, by which editors complete and check them."""

from typing import Any

from pydantic.json_schema import models_json_schema

from tocsin.catalog.documents import KINDS, Document

Json = dict[str, Any]


def catalog_schema() -> Json:
    """Return the JSON Schema of one document."""
    _, definitions = models_json_schema([(kind, "validation") for kind in KINDS.values()])
    schemas: Json = _as_people_write(definitions["$defs"])
    name = Document.model_json_schema()["properties"]["name"]
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "A document of Tocsin's catalog",
        "type": "object",
        "required": ["kind", "name"],
        "properties": {
            "kind": {"enum": [*KINDS]},
            "name": {key: value for key, value in name.items() if key != "title"},
            "spec": {"type": "object"},
        },
        "additionalProperties": False,
        "allOf": [_when(kind, schemas) for kind in KINDS],
        "$defs": dict(sorted(schemas.items())),
    }


# Editors hold these formats to RFC 3339, but wall-clock times in a schedule have no offset.
_WALL_CLOCK = {
    "date-time": r"^[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}",
    "time": r"^[0-9]{2}:[0-9]{2}",
}


def _as_people_write(schema: Any) -> Any:  # noqa: ANN401 - JSON Schema.
    """Return a schema in which times may be written without an offset."""
    if isinstance(schema, list):
        return [_as_people_write(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    found = {name: _as_people_write(value) for name, value in schema.items()}
    if isinstance(kind := found.get("format"), str) and kind in _WALL_CLOCK:
        del found["format"]
        found["pattern"] = _WALL_CLOCK[kind]
    return found


def _when(kind: str, schemas: Json) -> Json:
    """Return the rule that a document of this kind has a spec of this kind."""
    name = KINDS[kind].__name__
    then: Json = {"properties": {"spec": {"$ref": f"#/$defs/{name}"}}}
    if schemas[name].get("required"):
        then["required"] = ["spec"]
    return {"if": {"properties": {"kind": {"const": kind}}, "required": ["kind"]}, "then": then}
