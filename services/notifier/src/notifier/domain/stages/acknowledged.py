"""Drop what has been answered meanwhile."""

from notifier.domain.notification import Notification
from notifier.domain.stages.verdict import Drop, Pass, Situation, Verdict


def acknowledged(notification: Notification, situation: Situation) -> Verdict:
    """Drop a page that was decided before the incident's last answer; an older update as well."""
    incident = situation.incident
    if incident is None or not incident.has_answered(notification.incident_version):
        return Pass()
    return Drop(incident.answer)
