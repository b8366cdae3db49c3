"""Sets that are no folder's: what Tocsin itself puts into the catalog, and where it is changed."""

BY_HAND = "by-hand"
SWAPS = "swaps"
CALENDARS = "calendars"
_WHERE = {
    BY_HAND: "it was made by hand; end it by `tocsin override remove`, or in the console",
    SWAPS: "two people agreed on it; undo it by another swap, or by an override by hand",
    CALENDARS: "a calendar says so; change it in that calendar",
}
# What Tocsin puts in force by itself: a folder of it is a copy, not where it comes from.
OWN_SETS = frozenset(_WHERE)


def where_changed(of_set: str) -> str:
    """Return where what belongs to this set is changed."""
    return _WHERE.get(of_set, "change it in the folder of that set, and apply that")
