"""What must have come of what was sent: how many incidents, in which state, counted how often."""

from collections import defaultdict
from dataclasses import dataclass

from dev.chaos.ledger import Answer, Entries, Intent


@dataclass(frozen=True, slots=True)
class Expected:
    """What a condition must have led to."""

    service: str
    fewest: int
    most: int
    status: str | None  # None: nobody can know.
    received: tuple[int, int] = (1, 1)  # Alert events of the latest firing: at least, at most.


def expectations(entries: Entries) -> dict[str, Expected]:
    """Return what each condition must have led to, by its key."""
    answers = {one.number: one for one in entries.of(Answer)}
    of_key: defaultdict[str, list[Intent]] = defaultdict(list)
    for intent in entries.of(Intent):
        of_key[intent.key].append(intent)
    return {key: _expected(intents, answers) for key, intents in of_key.items()}


def _expected(intents: list[Intent], answers: dict[int, Answer]) -> Expected:
    fewest = most = heard = lost = 0
    status: str | None = ""
    for intent in intents:
        answer = answers.get(intent.number, Answer(intent.at, intent.number, "unknown"))
        if answer.outcome == "refused":
            continue
        opens = intent.action == "trigger" and status != "firing"
        most += opens
        heard, lost = (0, 0) if opens else (heard, lost)
        if intent.action == "trigger":
            lost += answer.lost_answers
        if answer.outcome == "unknown":
            status = None
            continue
        heard += intent.action == "trigger"
        fewest += opens and status is not None
        status = "firing" if intent.action == "trigger" else "resolved"
    return Expected(intents[0].service, fewest, most, status, (heard, heard + lost))
