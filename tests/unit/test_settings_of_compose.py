"""What `make settings` writes fits its services, is made once, and is nobody else's to read."""

import hashlib
import stat
from pathlib import Path

import pytest

from dev.errors import DevError
from dev.layout import SERVICES
from dev.settings import make, settings
from tocsin.settings import ServiceSettings, from_env


def written(folder: Path) -> dict[str, dict[str, str]]:
    return {
        file.stem: dict(line.split("=", 1) for line in file.read_text().splitlines())
        for file in folder.iterdir()
    }


def test_what_is_made_is_what_each_service_takes(tmp_path: Path) -> None:
    assert make(tmp_path / "settings")
    found = written(tmp_path / "settings")
    token = found["cli"]["TOCSIN_TOKEN"]
    for service in SERVICES:
        prefix = service.prefix
        own = {k: v for k, v in found[service.name].items() if k != "NOTIFIER_SMTP"}
        taken = from_env(
            ServiceSettings,
            prefix,
            own | {f"{prefix}_HTTP": "0.0.0.0:1", f"{prefix}_ENVIRONMENT": "production"},
        )
        assert [one.sha256 for one in taken.api_tokens] == [
            hashlib.sha256(token.encode()).hexdigest()
        ]
        password = found["postgres"][f"{service.module.upper()}_PASSWORD"]
        assert f"//{service.module}:{password}@" in taken.database
    secrets = [found[service.name][f"{service.prefix}_SECRET"] for service in SERVICES]
    assert len(set(secrets)) == len(SERVICES)


def test_only_the_owner_may_read_it(tmp_path: Path) -> None:
    folder = tmp_path / "settings"
    make(folder)
    modes = {stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()}
    assert (stat.S_IMODE(folder.stat().st_mode), modes) == (0o700, {0o600})


def test_it_is_made_once(tmp_path: Path) -> None:
    folder = tmp_path / "settings"
    make(folder)
    before = written(folder)
    assert not make(folder)
    assert written(folder) == before
    assert settings() != settings()


def test_what_was_cut_off_is_made_anew(tmp_path: Path) -> None:
    partial = tmp_path / "settings.partial"
    partial.mkdir()
    (partial / "cli.env").write_text("TOCSIN_TOKEN=half")
    assert make(tmp_path / "settings")
    assert written(tmp_path / "settings")["cli"]["TOCSIN_TOKEN"] != "half"
    assert not partial.exists()


def test_a_file_that_is_missing_is_named(tmp_path: Path) -> None:
    folder = tmp_path / "settings"
    make(folder)
    (folder / "notifier.env").unlink()
    with pytest.raises(DevError, match=r"lacks notifier\.env.*TOCSIN_SETTINGS"):
        make(folder)
