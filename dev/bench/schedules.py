"""What one answer about who is on call costs of the processor; with it, plans and bursts of timers.

Processor time and not the clock's, and the best of several tries: a busy machine changes it little.
"""

import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict
from datetime import UTC, datetime, timedelta

from dev.bench import burst, planning
from dev.bench.figures import Answer
from escalation.domain.schedule import Schedule
from tocsin import catalog

TRIES = 20
ANSWERS = 500
ZONE = "Europe/Paris"
WORKDAYS = ["mon", "tue", "wed", "thu", "fri"]
LAYERS = (
    ("base", {"type": "weekly", "start": "2020-01-06T09:00", "participants": list("abcd")}, ()),
    (
        "night",
        {"type": "weekly", "start": "2020-01-06T09:00", "participants": ["e", "f"]},
        ({"from": "22:00", "until": "07:00"},),
    ),
    (
        "office",
        {"type": "daily", "start": "2020-01-06T00:00", "participants": list("ghi")},
        (
            {"weekdays": WORKDAYS, "from": "09:00", "until": "12:00"},
            {"weekdays": WORKDAYS, "from": "13:00", "until": "18:00"},
        ),
    ),
    (
        "weekend",
        {"type": "weekly", "start": "2020-01-06T00:00", "participants": ["j", "k"]},
        ({"weekdays": ["fri"], "from": "18:00", "until_weekday": "mon", "until": "09:00"},),
    ),
    (
        "review",
        {"type": "monthly", "start": "2020-01-31T09:00", "participants": ["l", "m"]},
        ({"weekdays": ["wed"], "from": "10:00", "until": "11:00"},),
    ),
)
YEAR = datetime(2026, 1, 1, tzinfo=UTC), datetime(2027, 1, 1, tzinfo=UTC)


def schedule() -> Schedule:
    """Return a schedule of five layers."""
    layers = [
        {"name": name, "rotation": rotation, "restrictions": restrictions}
        for name, rotation, restrictions in LAYERS
    ]
    return Schedule.of(
        "bench", catalog.Schedule.model_validate({"time_zone": ZONE, "layers": layers})
    )


def measured() -> Iterator[Answer]:
    """Measure one figure after another, here."""
    found = schedule()
    hours = [YEAR[0] + number * timedelta(hours=17) for number in range(ANSWERS)]
    answer = _best(lambda: [found.on_call(at) for at in hours]) / ANSWERS
    yield Answer("who is on call, of five layers", answer * 1e6, "µs", 50)
    shifts = len(found.shifts(*YEAR))
    year = _best(lambda: found.shifts(*YEAR))
    yield Answer(f"a year of shifts ({shifts}), of five layers", year * 1e3, "ms", 20)
    hand_off = _best(lambda: [found.next_change(at) for at in hours]) / ANSWERS
    yield Answer("the next hand-off, of five layers", hand_off * 1e3, "ms")
    yield from planning.measured()
    yield burst.measured()


def in_a_process(say: Callable[[str], None]) -> list[Answer]:
    """Measure in a process of its own, whose memory is then these figures' alone."""
    command = [sys.executable, "-m", "dev.bench.schedules"]
    found = []
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        for line in process.stdout or ():
            found.append(Answer(**json.loads(line)))
            say(found[-1].name)
    if process.returncode:
        raise OSError(f"{' '.join(command[1:])} ended with {process.returncode}")
    return found


def _best(work: Callable[[], object]) -> float:
    def once() -> float:
        started = time.process_time()
        work()
        return time.process_time() - started

    return min(once() for _ in range(TRIES))


if __name__ == "__main__":
    # What anything else prints must not come between the answers.
    answers, sys.stdout = sys.stdout, sys.stderr
    for one in measured():
        print(json.dumps(asdict(one)), file=answers, flush=True)
