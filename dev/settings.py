"""`make settings`: what `docker compose` needs and no repository may hold, made once.

A file of variables for each container, so that each is told its own secrets alone. They are made
together or not at all, and never again: PostgreSQL keeps the passwords of its first start.
"""

import hashlib
import os
import secrets
import shutil
import sys
from collections.abc import Mapping
from pathlib import Path

from dev.errors import DevError
from dev.layout import NOTIFIER, ROOT, SERVICES, Service

FOLDER = "var/containers"
FOLDER_VARIABLE = "TOCSIN_SETTINGS"
MAIL = "mail:1025"
OPERATORS = "mailto:operators@tocsin.localhost"


def main(environment: Mapping[str, str]) -> int:
    """Make the settings unless they are there; return the exit code."""
    folder = (ROOT / (environment.get(FOLDER_VARIABLE) or FOLDER)).resolve()
    try:
        made = make(folder)
    except (DevError, OSError) as error:
        print(f"tocsin: {error}", file=sys.stderr)
        return 1
    said = "made; only you may read them" if made else "there already, and kept"
    print(f"The settings in {folder} are {said}.")
    print("Start everything:    docker compose up --build --wait")
    print("Apply the examples:  docker compose run --rm tocsin apply /catalog --set examples --yes")
    return 0


def make(folder: Path) -> bool:
    """Write every file of settings, or none where they are; return whether they are new."""
    files = {f"{name}.env": values for name, values in settings().items()}
    if folder.exists():
        missing = sorted(files.keys() - {path.name for path in folder.iterdir()})
        if missing:
            raise DevError(
                f"{folder} lacks {', '.join(missing)}, which fit the others only if they were made"
                " together: restore them, or name another folder in TOCSIN_SETTINGS."
            )
        return False
    partial = folder.with_name(f"{folder.name}.partial")
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir(mode=0o700, parents=True)
    for name, values in files.items():
        lines = [f"{variable}={value}\n" for variable, value in values.items()]
        opened = os.open(partial / name, os.O_WRONLY | os.O_CREAT, 0o600)
        with os.fdopen(opened, "w") as file:
            file.writelines(lines)
    # Renamed when it is whole, so that a run that was cut off leaves no half.
    partial.rename(folder)
    return True


def settings() -> dict[str, dict[str, str]]:
    """Return fresh variables for each container, by the name of its file."""
    token = f"tocsin_{secrets.token_urlsafe(32)}"
    passwords = {service: secrets.token_urlsafe(24) for service in SERVICES}
    found = {
        service.name: _of_service(service, token, password)
        for service, password in passwords.items()
    }
    found["postgres"] = {"POSTGRES_PASSWORD": secrets.token_urlsafe(24)} | {
        f"{service.module.upper()}_PASSWORD": password for service, password in passwords.items()
    }
    found["cli"] = {"TOCSIN_TOKEN": token}
    return found


def _of_service(service: Service, token: str, password: str) -> dict[str, str]:
    digest = hashlib.sha256(token.encode()).hexdigest()
    values = {
        "SECRET": secrets.token_urlsafe(32),
        "TOKENS": f"operator={digest}:read+write+admin",
        "DATABASE": f"postgresql://{service.module}:{password}@postgres:5432/{service.module}",
        "ALARM": OPERATORS,
        "ALARM_SMTP": MAIL,
    }
    if service is NOTIFIER:
        values["SMTP"] = MAIL
    return {f"{service.prefix}_{name}": value for name, value in values.items()}


if __name__ == "__main__":
    sys.exit(main(os.environ))
