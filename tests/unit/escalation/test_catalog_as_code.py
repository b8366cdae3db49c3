"""The way of a change, as docs/catalog-as-code.md walks it: every command of it, one after another."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.unit.escalation.service import Service
from tests.unit.escalation.test_catalog_export import tocsin

EXAMPLES = Path(__file__).parents[3] / "examples" / "catalog"
LATER = """
      changes:
        - {from: 2026-03-16T09:00, participants: [ada, bob, eve]}"""
EVE = """\
kind: User
name: eve
spec:
  email: eve@example.org
  time_zone: Europe/Paris
  contact_methods:
    - {name: mail, channel: email, address: eve@example.org}
  notification_rules:
    - {urgency: high, contact_method: mail, after: 0s}
    - {urgency: low, contact_method: mail, after: 0s}
"""


@dataclass
class Desk:
    """Somebody at a terminal; the services follow what is applied."""

    service: Service
    home: Path

    async def types(self, line: str, code: int = 0) -> str:
        words = [str(self.home / word) if word == "catalog" else word for word in line.split()]
        result = await tocsin(self.service, self.home, *words)
        assert result.exit_code == code, (line, result.output)
        return result.stdout

    def edits(self, file: str, before: str, after: str) -> None:
        path = self.home / "catalog" / file
        text = path.read_text("utf-8")
        assert before in text, text
        path.write_text(text.replace(before, after), "utf-8")


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Desk]:
    made = Service()
    inside: Any = made.application.http
    inside.state.ready.append(lambda: {"catalog_version": made.holder.current.version})
    desk = Desk(made, tmp_path)
    await desk.types(f"apply {EXAMPLES} --set examples --yes")
    yield desk
    await made.client.aclose()


async def test_a_change_is_exported_edited_planned_applied_and_taken_back(desk: Desk) -> None:
    told = await desk.types("export --set examples --out catalog")
    assert "as they are at version 1" in told
    assert "nothing changes" in await desk.types("plan catalog --set examples")

    desk.edits("user.yaml", "kind: User\nname: bob", f"{EVE}---\nkind: User\nname: bob")
    desk.edits("schedule.yaml", "[ada, bob]", "[ada, bob, eve]")
    assert "no mistakes" in await desk.types("validate catalog")
    plan = await desk.types("plan catalog --set examples", code=2)
    assert "- payments: no longer on call Mon 2026-03-02 09:00" in plan, "ada, at once"

    desk.edits("schedule.yaml", "[ada, bob, eve]", f"[ada, bob]{LATER}")
    plan = await desk.types("plan catalog --set examples --markdown", code=2)
    assert "| created | User eve |" in plan
    assert "no longer on call Mon 2026-03-02" not in plan
    applied = await desk.types("apply catalog --set examples --yes --reason eve-joins")
    assert "version 2 is in force everywhere" in applied

    history = await desk.types("history")
    assert "eve-joins" in history
    back = await desk.types("rollback 1 --set examples --dry-run", code=2)
    assert "- User eve" in back
    done = await desk.types("rollback 1 --set examples --yes --reason too-early")
    assert "version 3 is in force everywhere" in done
    refused = await desk.types("export --set examples --out catalog", code=1)
    assert refused == ""
    await desk.types("export --set examples --out catalog --force")
    assert "nothing changes" in await desk.types("plan catalog --set examples")
