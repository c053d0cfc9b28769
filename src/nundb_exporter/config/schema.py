"""The JSON Schema of the configuration file, for editors. Imported only to generate it."""

import json
from collections.abc import Sequence
from typing import Any

from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue
from pydantic_core import core_schema

from nundb_exporter.config.sections import FileSection


class _Generator(GenerateJsonSchema):
    """Titles would repeat names, and that a key may be empty or left out says nothing about what it means."""

    def field_title_should_be_set(self, *_: Any, **__: Any) -> bool:  # noqa: ANN401 - pydantic's own
        return False

    def default_schema(self, schema: core_schema.WithDefaultSchema) -> JsonSchemaValue:
        return self.generate_inner(schema["schema"])

    def nullable_schema(self, schema: core_schema.NullableSchema) -> JsonSchemaValue:
        return self.generate_inner(schema["schema"])

    def model_schema(self, schema: core_schema.ModelSchema) -> JsonSchemaValue:
        return {key: value for key, value in super().model_schema(schema).items() if key != "title"}


def config_schema(collectors: Sequence[str]) -> str:
    """Return the text of docs/config.schema.json."""
    schema = FileSection.model_json_schema(schema_generator=_Generator)
    schema["$defs"]["ModuleSection"]["properties"]["collectors"]["items"] = {"enum": list(collectors)}
    return json.dumps({"$schema": GenerateJsonSchema.schema_dialect, **schema}, indent=2, ensure_ascii=False) + "\n"
