"""The JSON Schema of the report, from its types and docstrings. Imported only to generate it: pydantic is slow."""

import json
from typing import Any

from pydantic import TypeAdapter
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue
from pydantic_core import core_schema

from nundb_exporter.judge.report import Report


class _Generator(GenerateJsonSchema):
    """A report has all its fields, and no others: defaults are the code's affair, and titles repeat the names."""

    def field_is_required(self, *_: Any, **__: Any) -> bool:  # noqa: ANN401 - pydantic's own
        return True

    def field_title_should_be_set(self, *_: Any, **__: Any) -> bool:  # noqa: ANN401
        return False

    def default_schema(self, schema: core_schema.WithDefaultSchema) -> JsonSchemaValue:
        return self.generate_inner(schema["schema"])

    def dataclass_schema(self, schema: core_schema.DataclassSchema) -> JsonSchemaValue:
        return {**super().dataclass_schema(schema), "additionalProperties": False}


def report_schema() -> str:
    """Return the text of docs/report.schema.json."""
    schema = TypeAdapter(Report).json_schema(schema_generator=_Generator, mode="serialization")
    document = {"$schema": GenerateJsonSchema.schema_dialect, **schema}
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"
