"""Which adapter answers for which model."""

from functools import partial

from dev.vectors import (
    alertmanager,
    goalert,
    goalert_overrides,
    grafana,
    grafana_rolling,
    linkedin,
    own,
)
from dev.vectors.cases import Adapter, Ask, Case, Json, Reading

ADAPTERS: dict[str, Adapter] = {
    "rotation_shift": goalert.rotation_shift,
    "goalert_rotation_position": goalert.rotation_shift,
    "handoffs": goalert.handoffs,
    "daily_rule": goalert.daily_rule,
    "wall_clock_to_instant": goalert.wall_clock,
    "add_wall_clock": goalert.add_wall_clock,
    "next_announcement": goalert.next_announcement,
    "goalert_schedule": goalert_overrides.schedule,
    "temporary_schedule_op": goalert_overrides.temporary_schedule,
    "override_mapping": goalert_overrides.override_mapping,
    "rotation_delete_user": goalert_overrides.delete_user,
    "escalation_step_on_call": goalert_overrides.step_on_call,
    "escalation_first_step": goalert_overrides.first_step,
    "time_interval": alertmanager.intervals,
    "time_interval_set": alertmanager.named,
    "time_interval_invalid": alertmanager.validity,
    "weekly_template": linkedin.weekly_template,
    "tocsin_schedule": own.schedule,
    "rolling_shift": grafana_rolling.rolling_shift,
    "grafana_web_schedule": grafana.schedule,
    "grafana_calendar_schedule": grafana.schedule,
    "grafana_ical_schedule": grafana.schedule,
}


def adapter_of(model: str) -> Adapter:
    """Return the adapter of a model; of one that nobody knows, one that answers nothing."""
    return ADAPTERS.get(model, partial(_unknown, model))


def reading_of(case: Case) -> Reading | None:
    """Return how to read what a case expects, where that is not in the form of our answer."""
    if case.model.startswith("grafana_"):
        return partial(grafana.expected, case.config)
    return None


def _unknown(model: str, _config: Json) -> Ask:
    return lambda _query: {"error": f"no adapter for the model {model!r}"}
