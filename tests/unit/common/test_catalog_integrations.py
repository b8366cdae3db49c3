"""Integrations that sign: what the catalog refuses, and what it reads of earlier releases."""

from typing import Any

import jsonschema_rs
import pytest

from tocsin.catalog import Catalog, Integration
from tocsin.catalog.schema import catalog_schema
from tocsin.catalog.validation import mistakes
from tocsin.events import CatalogDocumentChanged

KEY = "a" * 64


def integration(**spec: Any) -> dict[str, Any]:
    return {
        "kind": "Integration",
        "name": "ci",
        "spec": {"source": "generic", "key_sha256": KEY, **spec},
    }


def told(**spec: Any) -> list[str]:
    return [str(one) for one in mistakes([integration(**spec)], known=Catalog())]


def test_a_variable_of_intakes_signs() -> None:
    assert told(secret_env="SIGNING_CI_2") == []
    assert told() == []
    assert told(secret_env=None) == []


def test_a_source_that_nobody_knows_is_warned_of_with_the_nearest() -> None:
    (warning,) = mistakes([integration(source="alertmanger")], known=Catalog())
    assert (warning.level, warning.path) == ("warning", "spec.source")
    assert "'alertmanger'" in warning.message
    assert warning.suggestion == "alertmanager"


def test_of_alertmanagers_senders_only_grafana_signs_and_that_is_said() -> None:
    (warning,) = mistakes(
        [integration(source="alertmanager", secret_env="SIGNING_GRAFANA")], known=Catalog()
    )
    assert (warning.level, warning.path) == ("warning", "spec.secret_env")
    assert "Alertmanager itself cannot" in warning.message


@pytest.mark.parametrize("source", ["prometheus", "pagerduty"])
def test_a_source_that_cannot_sign_is_refused_a_secret(source: str) -> None:
    (complaint,) = told(source=source, secret_env="SIGNING_CI")
    assert complaint == (
        f"Integration ci: spec.secret_env: source '{source}' cannot sign, only alertmanager and"
        " generic can; leave the field out"
    )
    assert told(source=source) == []


@pytest.mark.parametrize(
    "name",
    [
        "",
        "INTAKE_SECRET",
        "CI",
        "SIGNING_",
        "SIGNING_ci",
        "signing_CI",
        "SIGNING_CI ",
        "SIGNING_CI\n",
        "SIGNING_A-B",
        "XSIGNING_CI",
        f"SIGNING_{'A' * 81}",
        "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=",
    ],
)
def test_no_other_variable_can_be_named_and_what_was_written_is_not_repeated(name: str) -> None:
    (complaint,) = told(secret_env=name)
    assert complaint.startswith("Integration ci: spec.secret_env: is not a variable of")
    assert "such as SIGNING_CI" in complaint
    assert len(name) < 20 or name not in complaint


def test_an_editor_says_so_too() -> None:
    schema = jsonschema_rs.validator_for(catalog_schema())
    assert schema.is_valid(integration(secret_env="SIGNING_CI"))
    assert schema.is_valid(integration(secret_env=None))
    assert not schema.is_valid(integration(secret_env="INTAKE_SECRET"))


@pytest.mark.parametrize(
    "old",
    [{"secret_env": "HMAC_OF_CI"}, {"source": "prometheus", "secret_env": "SIGNING_CI"}],
)
def test_what_an_earlier_release_took_is_still_read_and_signs_nothing(old: dict[str, str]) -> None:
    spec = integration(**old)["spec"]
    change = CatalogDocumentChanged(
        kind="Integration", name="ci", set="default", catalog_version=1, author="x", spec=spec
    )
    found = Catalog().with_changes(1, [change])
    name, kept = found.integrations_by_key[KEY]
    assert (name, kept.signed_by) == ("ci", None)
    assert kept.unsigned_because
    # Other sets can still be changed beside it.
    team = {"kind": "Team", "name": "web", "spec": {}}
    assert [one for one in mistakes([team], known=found) if one.is_error] == []


def test_what_signs_says_by_which_variable() -> None:
    spec = integration(secret_env="SIGNING_CI")["spec"]
    assert Integration.model_validate(spec).signed_by == "SIGNING_CI"
    assert Integration.model_validate(integration()["spec"]).signed_by is None
