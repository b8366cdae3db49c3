"""The topics: their names, partitions and settings. Provisioned explicitly, never auto-created."""

from dataclasses import dataclass, field

PARTITIONS = 12  # Fixed up front: adding one later moves keys, and breaks order.
DAY_MS = 24 * 60 * 60 * 1000
MAX_MESSAGE_BYTES = 8 * 1024 * 1024  # A raw body of 5 MiB, in base64, with room for its labels.


@dataclass(frozen=True, slots=True)
class Topic:
    """A topic as it must exist: `name` without the installation's prefix."""

    name: str
    holds: str
    key: str
    partitions: int = PARTITIONS
    settings: dict[str, str] = field(default_factory=dict)

    def full_name(self, prefix: str) -> str:
        """Return the name on the broker."""
        return prefix + self.name


def _kept(days: int) -> dict[str, str]:
    return {
        "retention.ms": str(days * DAY_MS),
        "max.message.bytes": str(MAX_MESSAGE_BYTES),
        "message.timestamp.type": "CreateTime",
        "unclean.leader.election.enable": "false",
    }


ALERT_EVENTS = Topic(
    "alert-events",
    "accepted alert events, raw body included",
    "service + dedup key",
    settings=_kept(90),
)
INCIDENTS = Topic("incidents", "the life of each incident", "incident id", settings=_kept(90))
PAGES = Topic("pages", "who must look at an incident", "incident id", settings=_kept(30))
NOTIFICATIONS = Topic(
    "notifications", "what became of each page", "incident id", settings=_kept(30)
)
COMMANDS = Topic("commands", "requests, which may be refused", "incident id", settings=_kept(30))
CATALOG = Topic(
    "catalog",
    "on-call as code, and who is on call now; compacted",
    "kind/name",
    # One partition: a reader that sees CatalogApplied has seen every document of that version.
    partitions=1,
    settings={
        "cleanup.policy": "compact",
        "max.message.bytes": str(MAX_MESSAGE_BYTES),
        "unclean.leader.election.enable": "false",
    },
)
POSTMORTEMS = Topic("postmortems", "what was learned", "postmortem id", settings=_kept(90))
DEAD_LETTERS = Topic(
    "dead-letters", "what could not be understood", "origin key", settings=_kept(90)
)

TOPICS: tuple[Topic, ...] = (
    ALERT_EVENTS,
    INCIDENTS,
    PAGES,
    NOTIFICATIONS,
    COMMANDS,
    CATALOG,
    POSTMORTEMS,
    DEAD_LETTERS,
)
BY_NAME: dict[str, Topic] = {topic.name: topic for topic in TOPICS}
