"""The shape of the repository: four services alike, everything small, nothing of this machine."""

import ast
import importlib.metadata
import re
import subprocess
import sys
import tomllib
from functools import lru_cache
from pathlib import Path

import pytest

from dev.layout import DEFAULT_PORT, INTAKE, ROOT, SERVICES, Service

LONGEST_FILE = 250
LONGEST_TEST = 400
LONGEST_FUNCTION = 40
EACH_SERVICE = pytest.mark.parametrize("service", SERVICES, ids=lambda service: service.name)
# `handlers` and `ports` are one file until they pass their size, then a folder.
NINE = {
    "domain/__init__.py",
    "entrypoints/http.py",
    "entrypoints/kafka.py",
    "entrypoints/timers.py",
    "adapters/sql.py",
    "adapters/memory.py",
    "bootstrap.py",
    "settings.py",
    "__main__.py",
    "migrations/env.py",
    "__init__.py",
    "py.typed",
}
NAMELESS = {"utils", "util", "helpers", "helper", "manager", "managers", "misc", "common"}
# A revision is frozen: what was released is not made prettier.
FROZEN = re.compile(r"/migrations/versions/|/create_recipe_v[0-9]+$")
# FastAPI is Starlette with types: it brings it, and whoever uses the one imports the other.
BROUGHT_BY = {"starlette": "fastapi"}


@lru_cache
def listed() -> list[Path]:
    """Return every file that git tracks or would track."""
    answer = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"],
        cwd=ROOT,
        capture_output=True,
        check=True,
        text=True,
    )
    return sorted(ROOT / name for name in answer.stdout.split("\0") if (ROOT / name).is_file())


def python_files() -> list[Path]:
    return [file for file in listed() if file.suffix == ".py"]


def short(file: Path) -> str:
    return file.relative_to(ROOT).as_posix()


def parsed(file: Path) -> ast.Module:
    return ast.parse(file.read_text(encoding="utf-8"))


def root_of(service: Service) -> Path:
    return ROOT / "services" / service.name / "src" / service.module


@EACH_SERVICE
def test_a_service_has_the_nine_names(service: Service) -> None:
    root = root_of(service)
    missing = {name for name in NINE if not (root / name).exists()}
    for name in ("handlers", "ports"):
        if not (root / f"{name}.py").exists() and not (root / name / "__init__.py").exists():
            missing.add(name)
    assert missing == set()


@EACH_SERVICE
def test_a_service_has_no_tenth_name(service: Service) -> None:
    allowed = {name.partition("/")[0] for name in NINE} | {
        *("handlers", "handlers.py"),
        *("ports", "ports.py"),
    }
    found = {
        file.relative_to(root_of(service)).parts[0]
        for file in listed()
        if file.is_relative_to(root_of(service))
    }
    assert found - allowed == set()


@EACH_SERVICE
def test_a_service_has_a_charter_and_its_own_package(service: Service) -> None:
    folder = ROOT / "services" / service.name
    charter = (folder / "README.md").read_text(encoding="utf-8")
    for word in ("owns", "consumes", "publishes", "endpoints", "invariants"):
        assert word in charter.lower(), f"{service.name}: the charter says nothing about {word}"
    assert len(charter.splitlines()) <= 80
    project = tomllib.loads((folder / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert project["name"] == service.name


@EACH_SERVICE
def test_a_service_has_the_same_image_as_the_others(service: Service) -> None:
    first = (ROOT / "services" / INTAKE.name / "Dockerfile").read_text(encoding="utf-8")
    port = int(DEFAULT_PORT)
    for said, own in (
        (INTAKE.name, service.name),
        (INTAKE.module, service.module),
        (f"{INTAKE.prefix}_", f"{service.prefix}_"),
        (str(port), str(port + service.offset)),
    ):
        first = first.replace(said, own)
    assert (ROOT / "services" / service.name / "Dockerfile").read_text(encoding="utf-8") == first


def test_every_file_is_short() -> None:
    found = {short(file): len(file.read_text("utf-8").splitlines()) for file in python_files()}
    too_long = {
        name: lines
        for name, lines in found.items()
        if lines > (LONGEST_TEST if name.startswith("tests/") else LONGEST_FILE)
    }
    assert too_long == {}


def test_every_function_is_short() -> None:
    too_long = {
        f"{short(file)}:{node.lineno} {node.name}": length
        for file in python_files()
        for node in ast.walk(parsed(file))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        if not FROZEN.search(f"{file.as_posix()}/{node.name}")
        if (length := _length(node)) > LONGEST_FUNCTION
    }
    assert too_long == {}


def _length(node: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Return the lines of a function's body, its docstring and inner functions' not counted."""
    inner = {
        line
        for child in ast.walk(node)
        if child is not node and isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef)
        for line in range(child.lineno, (child.end_lineno or child.lineno) + 1)
    }
    first = node.body[0]
    if ast.get_docstring(node) is not None:
        inner |= set(range(first.lineno, (first.end_lineno or first.lineno) + 1))
    lines = range(first.lineno, (node.end_lineno or node.lineno) + 1)
    return len([line for line in lines if line not in inner])


def test_no_file_is_named_after_nothing() -> None:
    assert [short(file) for file in python_files() if file.stem in NAMELESS] == []


def test_every_module_says_in_a_sentence_what_it_is_for() -> None:
    silent = [
        short(file)
        for file in python_files()
        if file.read_text("utf-8").strip()
        and not FROZEN.search(file.as_posix())
        and file.name != "env.py"
        and not (ast.get_docstring(parsed(file)) or "").partition("\n\n")[0].endswith((".", ":"))
    ]
    assert silent == []


def test_no_import_hides_in_a_function() -> None:
    hidden = [
        f"{short(file)}:{inner.lineno}"
        for file in python_files()
        if not FROZEN.search(file.as_posix())
        for node in ast.walk(parsed(file))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        for inner in ast.walk(node)
        if isinstance(inner, ast.Import | ast.ImportFrom)
    ]
    assert hidden == []


# Written in pieces, so that this file is not its own finding.
_MACHINE = re.compile(
    "|".join(["/ro" + "ot/", "/wo" + "rk/", r"/ho" + r"me/[a-z]", "/Us" + "ers/"]).encode()
)
_REGISTRY = re.compile(
    rb"https?://(?:[a-z0-9.-]*\.)?(?:"
    + b"|".join(
        [b"py" + rb"pi\.org", b"python" + rb"hosted\.org", rb"maven\." + b"org", rb"npm" + rb"js\."]
    )
    + rb"|[a-z0-9.-]*(?:artifact"
    + rb"ory|nex"
    + rb"us)[a-z0-9.-]*)"
)


@pytest.mark.parametrize(
    ("what", "pattern"),
    [("machine", _MACHINE), ("registry", _REGISTRY)],
    ids=["machine", "registry"],
)
def test_no_file_names_a_machine_or_a_registry(what: str, pattern: re.Pattern[bytes]) -> None:
    found = [
        f"{short(file)}:{number}: {line.strip()[:80]!r}"
        for file in listed()
        for number, line in enumerate(file.read_bytes().splitlines(), 1)
        if pattern.search(line)
    ]
    assert found == [], what


@EACH_SERVICE
def test_a_service_declares_what_it_imports(service: Service) -> None:
    # The workspace installs everything for everybody: only this notices what an image would lack.
    folder = ROOT / "services" / service.name
    known = declared(folder)
    if "tocsin" in known:
        known |= declared(ROOT / "libs" / "common", extras=False)
    assert undeclared(folder, known | {service.name}) == set()


def test_the_library_declares_what_it_imports() -> None:
    folder = ROOT / "libs" / "common"
    assert undeclared(folder, declared(folder) | {"tocsin"}) == set()


def test_what_the_services_run_needs_no_extra_of_the_library() -> None:
    # The CLI's libraries are an extra: `tocsin.cli` and the catalog's files alone.
    extras = declared(ROOT / "libs" / "common") - declared(ROOT / "libs" / "common", extras=False)
    assert extras == {"rich", "typer", "ruamel-yaml"}
    users = {
        short(file).removeprefix("libs/common/src/tocsin/")
        for file in (ROOT / "libs" / "common" / "src").rglob("*.py")
        if extras & {_name(module) for module in imported(file)} or "ruamel" in imported(file)
    }
    files = {"catalog/loading.py", "catalog/writing.py"}
    assert {name for name in users if not name.startswith("cli/")} == files


def declared(folder: Path, *, extras: bool = True) -> set[str]:
    """Return the distributions that a member asks for."""
    project = tomllib.loads((folder / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    groups = [project["dependencies"]]
    groups += project.get("optional-dependencies", {}).values() if extras else []
    return {_name(requirement) for group in groups for requirement in group}


def undeclared(folder: Path, known: set[str]) -> set[str]:
    """Return the modules that a member imports without anybody asking for their distribution."""
    owners = importlib.metadata.packages_distributions()
    modules = {module for file in (folder / "src").rglob("*.py") for module in imported(file)}
    return {
        module
        for module in modules - sys.stdlib_module_names - {"__future__"}
        if not known
        & {_name(BROUGHT_BY.get(module, name)) for name in owners.get(module, [module])}
    }


def _name(requirement: str) -> str:
    found = re.match(r"[A-Za-z0-9._-]+", requirement)
    assert found
    return re.sub(r"[-_.]+", "-", found[0]).lower()


def imported(file: Path) -> set[str]:
    """Return the top-level modules that a file imports."""
    found: set[str] = set()
    for node in ast.walk(parsed(file)):
        if isinstance(node, ast.Import):
            found |= {alias.name.partition(".")[0] for alias in node.names}
        if isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module.partition(".")[0])
    return found
