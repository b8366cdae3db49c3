"""What could not be understood, with why."""

from typing import ClassVar

from tocsin.events.base import AwareDatetime, Event


class DeadLettered(Event):
    """A record that a consumer gave up on; `payload` is its bytes in base64."""

    TYPE: ClassVar[str] = "tocsin.dead-lettered.v1"
    TOPIC: ClassVar[str] = "dead-letters"
    KEY: ClassVar[str] = "origin_key"

    dead_letter_id: str
    consumer: str
    topic: str
    partition: int
    offset: int
    origin_key: str
    reason: str
    error: str
    payload: str
    first_seen_at: AwareDatetime
