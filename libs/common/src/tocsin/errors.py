"""The exception tree.

TocsinError
├── InputError           somebody sent something wrong; the message names the field and the fix
│   ├── Undecodable      bytes that are not one of our events; dead-lettered, never retried
│   │   └── UnknownType  an event whose type this release does not know; a later one may
│   └── Refused          a command that the present state does not allow (409)
├── Unavailable          something we depend on is away; retry later (503)
└── MisconfiguredError   the process must not start; every mistake is listed
"""


class TocsinError(Exception):
    """The root of all errors that Tocsin raises on purpose."""


class InputError(TocsinError):
    """Somebody sent something wrong; the message names the field and the fix."""


class Undecodable(InputError):  # noqa: N818 - a state of the bytes, as the field says it.
    """Bytes that are not one of our events: dead-lettered with this reason, never retried."""


class UnknownType(Undecodable):
    """An event of ours, well-formed, whose `type` this release does not know; a later one may."""

    def __init__(self, kind: str) -> None:
        """Keep the type, which says what it was."""
        super().__init__(f"type: {kind!r} is not an event that this release of Tocsin knows")
        self.type = kind


class Refused(InputError):  # noqa: N818 - the answer to a command.
    """A command that the present state does not allow."""


class Unavailable(TocsinError):  # noqa: N818 - a state of a dependency.
    """Something that we depend on is away; the same request may succeed later."""


class MisconfiguredError(TocsinError):
    """The settings are wrong in the ways listed; the process must not start."""

    def __init__(self, mistakes: list[str]) -> None:
        """Keep every mistake, so that all are told at once."""
        super().__init__("\n".join(mistakes))
        self.mistakes = mistakes
