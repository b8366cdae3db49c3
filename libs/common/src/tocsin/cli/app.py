"""The commands put together; `--json` may stand anywhere, and every failure is one sentence."""

from collections.abc import Mapping
from typing import Any

import typer
from typer.core import TyperGroup
from typer.exceptions import TyperException

from tocsin.cli import (
    absences,
    actions,
    alerts,
    backup,
    catalog,
    chat,
    comparing,
    contacts,
    dead_letters,
    export,
    handoffs,
    history,
    incidents,
    on_call,
    operating,
    overrides,
    postmortems,
    schema,
    silences,
    status,
    swaps,
    topics,
    why,
)
from tocsin.cli.failure import CliError
from tocsin.cli.session import Session, World

JSON = "--json"


class Root(TyperGroup):
    """Takes `--json` wherever it stands, and says failures."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:  # noqa: ANN401 - Typer's own.
        """Move `--json` to the front; what stands behind `--` is not ours."""
        end = args.index("--") if "--" in args else len(args)
        ours = args[:end]
        if JSON in ours:
            args = [JSON, *(word for word in ours if word != JSON), *args[end:]]
        return list(super().parse_args(ctx, args))

    def invoke(self, ctx: Any) -> Any:  # noqa: ANN401 - Typer's own.
        """Run the command; a failure is told where it belongs, and sets the exit code."""
        try:
            return super().invoke(ctx)
        except CliError as error:
            _output(ctx).fail(error)
            raise typer.Exit(error.code) from error
        except TyperException as error:
            if not ctx.params.get("machine"):
                raise
            usage: Mapping[str, Any] = {"usage": True}
            _output(ctx).fail(CliError(error.format_message(), more=usage))
            raise typer.Exit(error.exit_code) from error


def _output(ctx: Any) -> Any:  # noqa: ANN401 - Typer's own.
    if isinstance(ctx.obj, Session):
        return ctx.obj.out
    return Session(World(), machine=bool(ctx.params.get("machine"))).out


app = typer.Typer(
    cls=Root,
    name="tocsin",
    help="Incident response from the terminal. Every command takes --json.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)


@app.callback()
def start(
    ctx: typer.Context,
    machine: bool = typer.Option(
        False, JSON, help="Answer in JSON on stdout, errors in JSON on stderr."
    ),
) -> None:
    """Incident response from the terminal. Every command takes --json."""
    world = ctx.obj if isinstance(ctx.obj, World) else World()
    ctx.obj = Session(world, machine=machine)


app.command("validate")(catalog.validate)
app.command("schema")(schema.schema)
app.command("plan")(catalog.plan)
app.command("apply")(catalog.apply)
app.command("export")(export.export)
app.command("history")(history.history)
app.command("rollback")(history.rollback)
app.command("ring")(alerts.ring)
app.command("status")(status.status)
app.command("compare")(comparing.compare)
app.command("backup")(backup.backup)
app.command("restore")(backup.restore)
app.command("on-call")(on_call.on_call)
app.command("shifts")(on_call.shifts)
app.command("calendar")(on_call.calendar)
app.command("absences")(absences.absences)
app.command("why")(why.why)
app.add_typer(alerts.app, name="alerts")
app.add_typer(chat.app, name="chat")
app.add_typer(contacts.app, name="contacts")
app.add_typer(dead_letters.app, name="dead-letters")
app.add_typer(handoffs.app, name="handoff")
app.add_typer(incidents.app, name="incidents")
app.add_typer(operating.key, name="key")
app.add_typer(overrides.app, name="override")
postmortems.app.add_typer(actions.app, name="actions")
app.add_typer(postmortems.app, name="postmortems")
app.add_typer(silences.app, name="silence")
app.add_typer(swaps.app, name="swap")
app.add_typer(topics.app, name="topics")
