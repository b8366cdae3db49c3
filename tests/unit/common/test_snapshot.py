"""The catalog in force: built from changes, read leniently, never changed in place."""

from tocsin.catalog import Catalog, Route, Service, User
from tocsin.events import CatalogDocumentChanged


def change(kind: str, name: str, spec: dict[str, object] | None) -> CatalogDocumentChanged:
    return CatalogDocumentChanged(
        kind=kind, name=name, set="default", catalog_version=1, author="ada", spec=spec
    )


def test_changes_make_a_new_catalog_and_leave_the_old_one() -> None:
    before = Catalog().with_changes(1, [change("Service", "checkout", {"team": "payments"})])
    after = before.with_changes(2, [change("Service", "checkout", {"team": "web"})])
    assert (before.version, after.version) == (1, 2)
    assert before.service("checkout") == Service(team="payments")
    assert after.service("checkout") == Service(team="web")


def test_a_change_without_a_spec_removes_the_document() -> None:
    catalog = Catalog().with_changes(1, [change("Team", "web", {})])
    assert catalog.team("web") is not None
    assert catalog.with_changes(2, [change("Team", "web", None)]).team("web") is None
    assert Catalog().with_changes(1, [change("Team", "web", None)]).specs == {}


def test_each_document_is_known_by_its_set_as_long_as_it_is_there() -> None:
    old = Catalog().with_changes(1, [change("Team", "web", {}), change("Team", "db", {})])
    moved = change("Team", "web", {}).model_copy(update={"set": "ours", "catalog_version": 2})
    gone = change("Team", "db", None).model_copy(update={"catalog_version": 2})
    new = old.with_changes(2, [moved, gone])
    assert old.sets == {("Team", "web"): "default", ("Team", "db"): "default"}
    assert new.sets == {("Team", "web"): "ours"}
    for merged in (old.merged(new), new.merged(old)):
        assert merged.sets == new.sets


def test_fields_and_kinds_of_a_later_release_are_passed_over() -> None:
    catalog = Catalog().with_changes(
        1,
        [
            change("Service", "checkout", {"team": "web", "colour": "red"}),
            change("Runbook", "tomorrow", {"steps": []}),
            change(
                "User",
                "ada",
                {"contact_methods": [{"name": "p", "channel": "sms", "address": "1", "new": 1}]},
            ),
        ],
    )
    assert catalog.service("checkout") == Service(team="web")
    assert ("Runbook", "tomorrow") not in catalog.specs
    ada = catalog.user("ada")
    assert ada is not None
    assert ada.contact_methods[0].address == "1"


def test_a_name_of_another_kind_is_not_found() -> None:
    catalog = Catalog().with_changes(1, [change("Team", "web", {})])
    assert catalog.service("web") is None
    assert catalog.user("web") is None
    assert catalog.schedule("web") is None
    assert catalog.policy("web") is None


def test_routes_are_tried_by_order_then_by_name() -> None:
    def route(order: int | None) -> dict[str, object]:
        given: dict[str, object] = {"matchers": ['team="db"'], "service": "db"}
        return given if order is None else {**given, "order": order}

    catalog = Catalog().with_changes(
        1,
        [
            change("Route", "z-first", route(1)),
            change("Route", "usual", route(None)),
            change("Route", "b", route(50)),
            change("Route", "a", route(50)),
            change("Service", "db", {}),
        ],
    )
    assert [name for name, _, _ in catalog.routes] == ["z-first", "a", "b", "usual"]
    _, spec, (matcher,) = catalog.routes[0]
    assert isinstance(spec, Route)
    assert matcher.matches({"team": "db"})


def test_an_integration_is_found_by_the_digest_of_its_key() -> None:
    digest = "a" * 64
    catalog = Catalog().with_changes(
        1, [change("Integration", "prom", {"source": "alertmanager", "key_sha256": digest})]
    )
    name, spec = catalog.integrations_by_key[digest]
    assert (name, spec.source) == ("prom", "alertmanager")
    assert "b" * 64 not in catalog.integrations_by_key


def test_settings_are_those_of_the_first_document_or_the_defaults() -> None:
    assert Catalog().settings.default_service is None
    catalog = Catalog().with_changes(
        1,
        [
            change("Settings", "b", {"default_service": "second"}),
            change("Settings", "a", {"default_service": "first"}),
        ],
    )
    assert catalog.settings.default_service == "first"


def test_a_contact_method_is_found_by_name() -> None:
    user = User.model_validate(
        {"contact_methods": [{"name": "phone", "channel": "sms", "address": "+15550100"}]}
    )
    assert user.contact_method("phone") is user.contact_methods[0]
    assert user.contact_method("fax") is None
