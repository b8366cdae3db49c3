"""What applying a set would change."""

from typing import Any

from tocsin.catalog import Document
from tocsin.catalog.planning import (
    Change,
    FieldChange,
    Held,
    changes,
    foreign,
    restoring,
    resulting,
)


def held(kind: str, name: str, spec: dict[str, Any], of_set: str = "default") -> Held:
    return Held(kind, name, of_set, spec)


def document(kind: str, name: str, **spec: Any) -> Document:
    return Document(kind=kind, name=name, spec=spec)


def test_a_new_document_is_created_with_all_it_says() -> None:
    assert changes([], [document("Team", "web", members=["ada"])], "default") == [
        Change(
            "created",
            "Team",
            "web",
            (FieldChange("spec", None, {"members": ["ada"]}),),
            {"members": ["ada"]},
        )
    ]


def test_only_the_fields_that_differ_are_told() -> None:
    before = held("Service", "s", {"urgency": "high", "grouping": {"by": ["a"], "window": "1h"}})
    after = document(
        "Service", "s", urgency="high", grouping={"by": ["a"], "window": "2h"}, team="t"
    )
    (change,) = changes([before], [after], "default")
    assert change.action == "changed"
    assert change.fields == (
        FieldChange("spec.grouping.window", "1h", "2h"),
        FieldChange("spec.team", None, "t"),
    )


def test_lists_of_one_length_are_compared_item_by_item_others_whole() -> None:
    before = held("Team", "web", {"members": ["ada", "bob"]})
    (same,) = changes([before], [document("Team", "web", members=["ada", "eve"])], "default")
    assert same.fields == (FieldChange("spec.members[1]", "bob", "eve"),)
    (longer,) = changes([before], [document("Team", "web", members=["ada"])], "default")
    assert longer.fields == (FieldChange("spec.members", ["ada", "bob"], ["ada"]),)


def test_nothing_changes_where_nothing_differs() -> None:
    assert changes([held("Team", "web", {"a": 1})], [document("Team", "web", a=1)], "default") == []


def test_what_the_set_no_longer_holds_is_deleted_last_and_other_sets_stay() -> None:
    before = [held("User", "ada", {"email": "a"}), held("User", "eve", {}, "other")]
    found = changes(before, [document("Team", "web")], "default")
    assert [(one.action, one.name, one.spec) for one in found] == [
        ("created", "web", {}),
        ("deleted", "ada", None),
    ]


def test_a_rename_is_a_delete_and_a_create_that_name_each_other() -> None:
    found = changes(
        [held("User", "ada", {"email": "a"}), held("User", "old", {"email": "b"})],
        [document("User", "new", email="b"), document("User", "other", email="x")],
        "default",
    )
    assert [(one.action, one.name, one.renamed) for one in found] == [
        ("created", "new", "old"),
        ("created", "other", ""),
        ("deleted", "ada", ""),
        ("deleted", "old", "new"),
    ]


def test_documents_of_another_set_are_foreign() -> None:
    theirs = held("User", "ada", {}, "other")
    ours = held("User", "bob", {})
    documents = [document("User", "ada"), document("User", "bob"), document("User", "eve")]
    assert foreign([theirs, ours], documents, "default") == [theirs]


def test_the_resulting_catalog_is_the_set_beside_all_others() -> None:
    before = [held("User", "gone", {}), held("User", "eve", {}, "other")]
    catalog = resulting(before, [document("User", "ada")], "default", 8)
    assert (catalog.version, sorted(name for _, name in catalog.specs)) == (8, ["ada", "eve"])


def test_what_is_restored_keeps_each_documents_set() -> None:
    then = [held("Team", "a", {}, "one"), held("Team", "b", {"members": ["x"]}, "two")]
    now = [held("Team", "a", {}, "two"), held("Team", "c", {}, "three")]
    found = restoring(now, then)
    assert [(one.action, one.name, one.set) for one in found] == [
        ("changed", "a", "one"),
        ("created", "b", "two"),
        ("deleted", "c", "three"),
    ]
    assert found[0].fields == (FieldChange("set", "two", "one"),)
    assert found[0].spec == {}
    assert restoring(now, now) == []
