"""`tocsin chat`: who is who in Slack and other chats."""

from typing import Annotated
from urllib.parse import quote

import typer

from tocsin.cli.session import session
from tocsin.cli.times import shown

NOTIFIER = "notifier"
app = typer.Typer(no_args_is_help=True, help="Chats: link yourself, list, unlink.")


@app.command("link")
def link(
    ctx: typer.Context,
    code: Annotated[str, typer.Argument(help="The code that the chat showed you.")],
    user: Annotated[
        str, typer.Option(help="Who it is for; default: whoever the token is named after.")
    ] = "",
) -> None:
    """Confirm a code: from now on what you press in that chat counts as yours."""
    run = session(ctx)
    answer = run.client.post(NOTIFIER, "/v1/chat-links", {"code": code, "user": user or None})
    run.out.answer(answer)
    run.out.say(f"{answer['subject']} in {answer['channel']} is {answer['user']} from now on")


@app.command("list")
def listed(ctx: typer.Context) -> None:
    """List the links that people made."""
    run = session(ctx)
    found = list(run.client.items(NOTIFIER, "/v1/chat-links"))
    run.out.answer({"items": found})
    run.out.table(
        ("channel", "subject", "user", "linked at"),
        [(one["channel"], one["subject"], one["user"], shown(one["linked_at"])) for one in found],
        empty="Nobody has linked themselves.",
    )


@app.command("unlink")
def unlink(ctx: typer.Context, channel: str, subject: str) -> None:
    """Remove a link."""
    run = session(ctx)
    path = f"/v1/chat-links/{quote(channel, safe='')}/{quote(subject, safe='')}"
    run.client.send(NOTIFIER, "DELETE", path)
    run.out.answer({"removed": True})
    run.out.say(f"{subject} in {channel} is nobody any more")
