"""`python -m dev generate`: (re)writes what is generated from code; `--check` only compares."""

import argparse
import json
import sys
from collections.abc import Mapping
from pathlib import Path

from dev.generated import schemas
from dev.generated.events_page import events_page
from dev.generated.settings_page import settings_page
from dev.layout import ROOT, SERVICES
from tocsin.catalog.schema import catalog_schema

DOCS = ROOT / "docs"
OPENAPI = DOCS / "openapi"


def generated() -> dict[Path, str]:
    """Return every generated file with what it must hold."""
    documents = {
        DOCS / "asyncapi.json": schemas.asyncapi(),
        DOCS / "catalog.schema.json": catalog_schema(),
    } | {OPENAPI / f"{service.name}.json": schemas.openapi(service) for service in SERVICES}
    texts = {
        path: json.dumps(value, indent=2, ensure_ascii=False) + "\n"
        for path, value in documents.items()
    }
    pages = {DOCS / "events.md": events_page(), DOCS / "settings.md": settings_page()}
    return pages | texts


def stale(wanted: Mapping[Path, str]) -> list[str]:
    """Return one sentence for each file that is missing, is not as generated, or is left over."""
    found = []
    for path, text in wanted.items():
        name = path.relative_to(ROOT)
        if not path.exists():
            found.append(f"{name}: is missing")
        elif path.read_text(encoding="utf-8") != text:
            found.append(f"{name}: is not as the code generates it")
    found += [
        f"{path.relative_to(ROOT)}: belongs to no service"
        for path in sorted(OPENAPI.glob("*"))
        if path not in wanted
    ]
    return found


def main() -> int:
    """Write or compare; return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="only compare; 1 if a file is stale")
    check = parser.parse_args().check
    wanted = generated()
    faults = stale(wanted)
    if check:
        for fault in faults:
            print(fault)
        if faults:
            print("run `make format`, and commit what it wrote")
        return 1 if faults else 0
    for path, text in wanted.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    for path in sorted(set(OPENAPI.glob("*")) - set(wanted)):
        path.unlink()
    return 0


if __name__ == "__main__":
    sys.exit(main())
