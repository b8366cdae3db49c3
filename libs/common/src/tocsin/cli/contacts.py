"""`tocsin contacts`: whether a contact method reaches its person."""

from typing import Annotated, Any

import typer

from tocsin.cli.failure import CliError
from tocsin.cli.session import session
from tocsin.cli.times import shown

NOTIFIER = "notifier"
PATH = "/v1/contacts"
User = Annotated[str, typer.Argument(help="A person of the catalog.")]
Method = Annotated[str, typer.Argument(help="One of their contact methods, by its name.")]

app = typer.Typer(no_args_is_help=True, help="Contact methods: list, verify, confirm.")


@app.command("list")
def listed(
    ctx: typer.Context, user: Annotated[str, typer.Option(help="Of one person only.")] = ""
) -> None:
    """List contact methods: which were proven to reach their person, and when."""
    run = session(ctx)
    found = list(run.client.items(NOTIFIER, PATH, {"user": user or None}))
    run.out.answer({"items": found})
    run.out.table(
        ("user", "method", "channel", "verified"),
        [(one["user"], one["method"], one["channel"], _standing(one)) for one in found],
        empty="There are no contact methods.",
    )


@app.command("verify")
def verify(ctx: typer.Context, user: User, method: Method) -> None:
    """Send a code by a contact method; whoever gets it confirms it within ten minutes."""
    run = session(ctx)
    answer = run.client.post(NOTIFIER, f"{PATH}/verify", {"user": user, "method": method})
    run.out.answer(answer)
    reason, until = answer["reason"], shown(answer["expires_at"])
    match answer["outcome"]:
        case "failed":
            raise CliError(f"nothing was sent by {method}: {reason}", more={"answer": answer})
        case "uncertain":
            run.out.say(f"It may have been sent by {method}, or not: {reason}")
        case _:
            run.out.say(f"A code is on its way by {method}; it works until {until}")
    run.out.say(f"tocsin contacts confirm {user} {method} CODE")


@app.command("confirm")
def confirm(
    ctx: typer.Context,
    user: User,
    method: Method,
    code: Annotated[str, typer.Argument(help="The code that came by it.")],
) -> None:
    """Confirm a code: this contact method reaches this person."""
    run = session(ctx)
    body = {"user": user, "method": method, "code": code}
    answer = run.client.post(NOTIFIER, f"{PATH}/confirm", body)
    run.out.answer(answer)
    run.out.say(f"{method} reaches {user}: verified {shown(answer['verified_at'])}")


def _standing(one: dict[str, Any]) -> str:
    at = shown(one["verified_at"])
    words = {"unverified": "unverified", "changed": f"address changed since {at}"}
    return words.get(one["status"], at)
