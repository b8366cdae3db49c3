"""docs/settings.md: every variable of every service, read off its settings."""

import ast
import inspect
import textwrap
from collections.abc import Iterator, Mapping

from pydantic.fields import FieldInfo

from dev.errors import DevError
from dev.generated.applications import definition
from dev.layout import SERVICES, Service
from tocsin.cli import access
from tocsin.settings import ServiceSettings

_HEAD = """\
# Settings

Environment variables with the service's prefix. Every mistake is reported at once, and the process
does not start; an unknown variable with the prefix is a mistake. Generated from the services'
`settings.py` by `make format`; `make check` refuses an old one.
"""
_TABLE = ["| variable | default | means |", "|---|---|---|"]
_CLI_DEFAULTS = {"kafka": "port + 1", "topic_prefix": "`tocsin.`", "port": "`8010`", "var": "`var`"}
_CLI = """\
## The command `tocsin`

From the environment, or by the same name without `TOCSIN_` and in small letters from
`~/.config/tocsin.toml` (`token = "…"`). The environment goes before the file.
"""
_NAMED = """\
## Variables that the catalog names

What is private is not in the catalog: a document names a variable, and the service that needs it
reads it. `url_env: CALENDAR_…` of a calendar is its address, read by escalation at each look. A
variable that is not set is an error of that calendar. `secret_env: SIGNING_…` of an integration is
the secret, or two with a comma between, that its sender signs with, read by incident-intake at each
request. Where it is not set, intake answers 503 and tells the second path.
"""
# Each service has its own default for these, so they are not told of all.
_DIFFERING = {"http", "database"}


def settings_page() -> str:
    """Return the page."""
    common = meanings(ServiceSettings)
    prefixes = ", ".join(f"`{service.prefix}_`" for service in SERVICES)
    rows = [
        _row("…", name, "differs" if name in _DIFFERING else _default(field), common)
        for name, field in ServiceSettings.model_fields.items()
    ]
    parts = [_HEAD, f"## Every service\n\nThe prefix is one of {prefixes}.\n"]
    parts += ["\n".join([*_TABLE, *rows]) + "\n", *(_of(service) for service in SERVICES)]
    cli = [
        _row("TOCSIN", name, _CLI_DEFAULTS.get(name, "none"), access.KEYS) for name in access.KEYS
    ]
    parts += [_CLI, "\n".join([*_TABLE, *cli]) + "\n", _NAMED]
    return "\n".join(parts)


def _of(service: Service) -> str:
    kind = definition(service).settings
    told = meanings(ServiceSettings) | meanings(kind)
    own = kind.model_fields.keys() - ServiceSettings.model_fields.keys() | _DIFFERING
    rows = [
        _row(service.prefix, name, _default(field), told)
        for name, field in kind.model_fields.items()
        if name in own
    ]
    return f"## {service.name}\n\n" + "\n".join([*_TABLE, *rows]) + "\n"


def meanings(kind: type[ServiceSettings]) -> dict[str, str]:
    """Return the sentence below each field of a class."""
    return dict(_below(kind))


def _below(kind: type[ServiceSettings]) -> Iterator[tuple[str, str]]:
    (declared,) = ast.parse(textwrap.dedent(inspect.getsource(kind))).body
    assert isinstance(declared, ast.ClassDef)
    for field, below in zip(declared.body, [*declared.body[1:], None], strict=True):
        match field, below:
            case (
                ast.AnnAssign(target=ast.Name(id=name)),
                ast.Expr(value=ast.Constant(value=str(text))),
            ):
                yield name, " ".join(text.split())


def _row(prefix: str, name: str, default: str, told: Mapping[str, str]) -> str:
    if name not in told:
        raise DevError(f"The setting {name} has no sentence below it that says what it means.")
    means = told[name].replace("|", "\\|")
    return f"| `{prefix}_{name.upper()}` | {default} | {means} |"


def _default(field: FieldInfo) -> str:
    value = field.default
    if not value and not isinstance(value, bool):
        return "none"
    if isinstance(value, tuple):
        return f"`{','.join(value)}`"
    if isinstance(value, bool):
        return f"`{str(value).lower()}`"
    return f"`{value:g}`" if isinstance(value, float) else f"`{value}`"
