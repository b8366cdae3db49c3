"""A record of the catalog that is wrong or late harms no other document and no process."""

from tocsin.catalog import Catalog
from tocsin.events import CatalogDocumentChanged


def changed(version: int, address: str, **more: object) -> CatalogDocumentChanged:
    method = {"name": "phone", "channel": "webhook", "address": address}
    return CatalogDocumentChanged.model_validate(
        {
            "kind": "User",
            "name": "ada",
            "set": "default",
            "catalog_version": version,
            "author": "tests",
            "spec": {"contact_methods": [method]},
            **more,
        }
    )


def test_a_document_that_does_not_fit_its_kind_leaves_the_one_before_in_force() -> None:
    before = Catalog().with_changes(1, [changed(1, "https://p.example/1")])
    after = before.with_changes(2, [changed(2, "", spec={"contact_methods": "nonsense"})])

    assert after.user("ada") == before.user("ada")


def test_a_document_that_a_stopped_relay_sends_again_later_brings_no_old_version_back() -> None:
    """Versions 5 and 6 are on the topic; a relay that was stopped publishes 5 once more."""
    six = Catalog().with_changes(6, [changed(6, "https://p.example/six")])
    late = six.with_changes(5, [changed(5, "https://p.example/five")])
    seven = late.with_changes(7, [changed(7, "https://p.example/bob", name="bob")])
    user = seven.user("ada")

    assert user is not None
    assert user.contact_methods[0].address == "https://p.example/six"
