"""The sections of the configuration file, each key with what it means; the schema for editors is made of them."""

from collections import Counter
from collections.abc import Callable
from typing import Annotated, Any, Final, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    GetJsonSchemaHandler,
    StringConstraints,
    ValidationInfo,
    model_validator,
)
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, PydanticCustomError

from nundb_exporter.config.allow import parse_allowed
from nundb_exporter.config.fleet import DEFAULT_MODULE, DEFAULT_PORT
from nundb_exporter.config.settings import (
    DEFAULT_CANARY_DATABASE,
    DEFAULT_CANARY_DEADLINE,
    DEFAULT_CANARY_INTERVAL,
    DEFAULT_MAX_PENDING_OPERATIONS,
    Endpoint,
    Tls,
    is_host,
    parse_endpoint,
    parse_pattern,
)
from nundb_exporter.config.spelling import cure
from nundb_exporter.config.surroundings import NOWHERE, Surroundings
from nundb_exporter.credentials import Check, check_text, check_word
from nundb_exporter.errors import ConfigError

REFUSED: Final = "refused"
"""The type of the errors that carry their own `problem` and `cure`."""


def _around(info: ValidationInfo) -> Surroundings:
    return info.context or NOWHERE


def _refuse(error: ConfigError) -> PydanticCustomError:
    return PydanticCustomError(REFUSED, "{problem}", {"problem": error.problem, "cure": error.cure})


def _text(check: Check) -> AfterValidator:
    """Return what refuses a text that `check` refuses."""

    def validate(text: str) -> str:
        try:
            check("", text)
        except ConfigError as error:
            raise _refuse(error) from None
        return text

    return AfterValidator(validate)


def _secret(check: Check) -> AfterValidator:
    """Return what refuses the name of a file whose content `check` refuses."""

    def validate(path: str, info: ValidationInfo) -> str:
        try:
            _around(info).check_secret(path, check)
        except ConfigError as error:
            raise _refuse(error) from None
        return path

    return AfterValidator(validate)


def _readable(path: str, info: ValidationInfo) -> str:
    try:
        _around(info).check_readable(path)
    except ConfigError as error:
        raise _refuse(error) from None
    return path


def _beside_the_file(path: str, info: ValidationInfo) -> str:
    return str(_around(info).directory / path)


def _check_host(_: str, text: str) -> None:
    if not is_host(text):
        raise ConfigError("", "is not a host name", "write the name as the node's certificate has it")


def _known_collector(name: str, info: ValidationInfo) -> str:
    known = _around(info).collectors
    if known is not None and name not in known:
        raise _refuse(ConfigError("", f"there is no collector {name}", cure(name, known, "the collectors are")))
    return name


def _known_module(name: str, info: ValidationInfo) -> str:
    known = _around(info).modules
    if name not in known:
        raise _refuse(ConfigError("", f"there is no module {name}", cure(name, known, "the modules are")))
    return name


_Text = Annotated[str, StringConstraints(min_length=1)]
_FileName = Annotated[_Text, AfterValidator(_beside_the_file)]
_ReadableFile = Annotated[_FileName, AfterValidator(_readable)]


class Section(BaseModel):
    """Keys, each with its value."""

    # Errors must not quote their input: it may be a secret written to the wrong place.
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, hide_input_in_errors=True)

    @model_validator(mode="before")
    @classmethod
    def _drop_empty(cls, content: Any) -> Any:  # noqa: ANN401 - whatever YAML has
        """Take what has nothing behind or below it as if it were not there."""
        if isinstance(content, dict):
            return {key: value for key, value in content.items() if value is not None}
        return {} if content is None else content


class DatabaseSection(Section):
    """A database that may be asked about its connections, conflicts and keys."""

    name: Annotated[_Text, _text(check_word)] = Field(description="Its name.")
    token_file: Annotated[_FileName, _secret(check_word)] = Field(
        description="File with the token that opens it; read again when it changes."
    )


class TlsSection(Section):
    """TLS to the node; the files are PEM, and read again when they change."""

    ca_file: _ReadableFile | None = Field(default=None, description="CA certificates to trust.")
    cert_file: _ReadableFile | None = Field(default=None, description="Client certificate, if the node requires one.")
    key_file: _ReadableFile | None = Field(default=None, description="Key of the client certificate.")
    server_name: Annotated[_Text, _text(_check_host)] | None = Field(
        default=None, description="Expected name in the node's certificate."
    )
    insecure_skip_verify: bool = Field(default=False, description="Do not verify the node's certificate.")

    @model_validator(mode="after")
    def _check_files(self, info: ValidationInfo) -> "TlsSection":
        if self.key_file and not self.cert_file:
            raise _refuse(ConfigError("", "has a key_file without its certificate", "set cert_file too"))
        try:
            _around(info).check_tls(Tls(**self.model_dump()))
        except ConfigError as error:
            raise _refuse(error) from None
        return self


def _without_twins(name: Callable[[Any], object]) -> AfterValidator:
    """Return what refuses a list of which two have the same name."""

    def validate(listed: list[Any]) -> list[Any]:
        for one, times in Counter(map(name, listed)).items():
            if times > 1:
                raise _refuse(ConfigError("", f"{one} is listed twice", "keep one of them"))
        return listed

    return AfterValidator(validate)


class CanarySection(Section):
    """A word that is written on the primary and watched on every member. It writes, in a database of its own alone."""

    token_file: Annotated[_FileName, _secret(check_word)] = Field(
        description="File with the token of the canary's database, which is created with it."
    )
    database: Annotated[_Text, _text(check_word)] = Field(
        default=DEFAULT_CANARY_DATABASE, description=f"The database. Default: {DEFAULT_CANARY_DATABASE}."
    )
    name: _Text | None = Field(
        default=None,
        description="What tells this exporter from others that write into the database. Default: host and port "
        "of the node, with the name of this machine where they are local.",
    )
    interval_seconds: Annotated[float, Field(ge=1, allow_inf_nan=False)] = Field(
        default=DEFAULT_CANARY_INTERVAL, description=f"Write so often. Default: {DEFAULT_CANARY_INTERVAL:g}."
    )
    deadline_seconds: Annotated[float, Field(gt=0, allow_inf_nan=False)] = Field(
        default=DEFAULT_CANARY_DEADLINE,
        description=f"A word, and an answer, may take so long. Default: {DEFAULT_CANARY_DEADLINE:g}.",
    )
    members: dict[str, Annotated[_Text, _text(parse_endpoint)]] = Field(
        default={},
        description="WebSocket URLs of members, by the names that nodes have for them, where they are not two below "
        "the TCP port that is in the name.",
    )
    allow_foreign_keys: bool = Field(
        default=False, description="Write although the database holds keys that are not the canary's."
    )


class ModuleSection(Section):
    """How nodes of one kind are asked."""

    user: Annotated[_Text, _text(check_word)] | None = Field(default=None, description="Administrator of the nodes.")
    password_file: Annotated[_FileName, _secret(check_text)] | None = Field(
        default=None, description="File with the administrator's password; read again when it changes."
    )
    collectors: list[Annotated[_Text, AfterValidator(_known_collector)]] | None = Field(
        default=None, description="Exactly these are on. Without it, each is at its default."
    )
    databases: Annotated[list[DatabaseSection], _without_twins(lambda database: database.name)] = Field(
        default=[], description="Databases to ask about their connections, conflicts and keys."
    )
    tls: TlsSection = Field(default=TlsSection(), description="TLS to the nodes.")
    max_pending_operations: Annotated[int, Field(ge=0)] | None = Field(
        default=None,
        description=f"Do not list pending operations if there are more. Default: {DEFAULT_MAX_PENDING_OPERATIONS}.",
    )
    databases_pattern: Annotated[_Text, _text(parse_pattern)] | None = Field(
        default=None, description="Show one by one only databases whose whole name matches this regular expression."
    )
    canary: CanarySection | None = Field(default=None, description="Write a word and watch it. Off without this.")


class NodeSection(Section):
    """A node that is asked; its URL alone says the same as with the module `default`."""

    url: Annotated[_Text, _text(parse_endpoint)] = Field(
        description="URL of the node: http, https, tcp, ws or wss, as http://nun-db-0:3013."
    )
    module: Annotated[_Text, AfterValidator(_known_module)] = Field(
        default=DEFAULT_MODULE, validate_default=True, description="How it is asked."
    )

    @model_validator(mode="before")
    @classmethod
    def _take_url(cls, content: Any) -> Any:  # noqa: ANN401 - whatever YAML has
        return {"url": content} if isinstance(content, str) else content

    @classmethod
    def __get_pydantic_json_schema__(cls, schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        return {"anyOf": [{"type": "string", "minLength": 1}, handler.resolve_ref_schema(handler(schema))]}


def _endpoint(node: NodeSection) -> Endpoint:
    return parse_endpoint("", node.url)


class TargetsSection(Section):
    """Which nodes are asked."""

    port: Annotated[int, Field(ge=1, le=65535)] = Field(
        default=DEFAULT_PORT, description=f"HTTP port of members that are found. Default: {DEFAULT_PORT}."
    )
    allow: list[Annotated[_Text, _text(parse_allowed)]] = Field(
        default=[],
        description="What /probe may ask besides the nodes: names, patterns of names or networks, each with a port, "
        "as nun-db-*.nun-db.svc:3013 or 10.1.0.0/16:3013.",
    )
    nodes: Annotated[list[NodeSection], _without_twins(_endpoint)] | None = Field(
        default=None, description="The nodes, where NUN_URL does not name one."
    )


class LogSection(Section):
    """The exporter's own log."""

    level: Literal["debug", "info", "warning", "warn", "error"] | None = Field(
        default=None,
        description="Only log messages of this level or above, where --log.level says nothing. Default: info.",
    )


class FileSection(Section):
    """The configuration file of nundb-exporter."""

    modules: dict[str, ModuleSection] = Field(default={}, description="How nodes are asked, by names of your choice.")
    targets: TargetsSection | None = Field(default=None, description="Which nodes are asked.")
    log: LogSection = Field(default=LogSection(), description="The exporter's own log.")
