"""What a change of the catalog is refused for."""

from collections.abc import Sequence

from escalation.domain.ownership import EVERYWHERE, Rights
from tocsin.catalog.mistakes import Mistake
from tocsin.catalog.planning import Held
from tocsin.catalog.sets import where_changed
from tocsin.errors import InputError, Refused


class InvalidCatalogError(InputError):
    """The documents have mistakes; every one is listed, warnings as well."""

    def __init__(self, found: Sequence[Mistake]) -> None:
        """Keep them."""
        errors = [str(mistake) for mistake in found if mistake.is_error]
        super().__init__("\n".join(errors))
        self.mistakes = tuple(found)


class ForeignDocumentError(Refused):
    """A document of this kind and name belongs to another set."""

    def __init__(self, found: Sequence[Held]) -> None:
        """Name each with its set, and say for each set where it is changed."""
        owned: dict[str, list[str]] = {}
        for one in found:
            said = f"{one.kind} {one.name} belongs to the set {one.set!r}"
            owned.setdefault(one.set, []).append(said)
        told = (f"{'; '.join(each)}: {where_changed(name)}" for name, each in owned.items())
        super().__init__(". ".join(told))


class StaleCatalogError(Refused):
    """The catalog is no longer the one that this change was made for."""

    def __init__(self, expected: int, version: int) -> None:
        """Keep both versions."""
        super().__init__(f"The catalog is at version {version}, not {expected}; plan again.")
        self.version = version


class NotYoursError(InputError):
    """The token may not change this set."""

    def __init__(self, token: str, of_set: str) -> None:
        """Name the set, and the scope that would allow it."""
        self.set = of_set
        self.scope = "write" if of_set == EVERYWHERE else f"catalog:write:{of_set}"
        what = "what is the whole installation's" if of_set == EVERYWHERE else f"the set {of_set!r}"
        super().__init__(
            f"The token {token!r} may not change {what}: it has no scope {self.scope!r}."
        )


def allowed(rights: Rights, sets: Sequence[str]) -> None:
    """Raise NotYoursError unless somebody may change all of these sets."""
    for of_set in sets:
        if not rights.allow(of_set):
            raise NotYoursError(rights.token, of_set)
