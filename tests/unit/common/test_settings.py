"""Settings: everything wrong is told at once, by variable."""

import hashlib

import pytest

from tocsin.errors import MisconfiguredError
from tocsin.settings import DEV_SECRET, ApiToken, ServiceSettings, from_env

DIGEST = hashlib.sha256(b"a token").hexdigest()


class XSettings(ServiceSettings):
    http: str = "127.0.0.1:8099"
    database: str = "sqlite:///var/x.db"
    retries: int = 3


def mistakes(**environ: str) -> list[str]:
    with pytest.raises(MisconfiguredError) as refused:
        from_env(XSettings, "X", environ)
    return refused.value.mistakes


def test_an_empty_environment_gives_the_defaults() -> None:
    found = from_env(XSettings, "X", {})
    assert found.http == "127.0.0.1:8099"
    assert found.kafka == ("127.0.0.1:8011",)
    assert found.secret == DEV_SECRET
    assert found.topic_prefix == "tocsin."
    assert found.host_and_port == ("127.0.0.1", 8099)


def test_only_variables_with_the_prefix_count() -> None:
    environ = {"X_RETRIES": "5", "RETRIES": "6", "XX_RETRIES": "7", "XRETRIES": "8", "PATH": "/"}
    assert from_env(XSettings, "X", environ).retries == 5


def test_lists_are_separated_by_commas() -> None:
    found = from_env(XSettings, "X", {"X_KAFKA": "a:9092, b:9092,,c:9092 "})
    assert found.kafka == ("a:9092", "b:9092", "c:9092")


def test_every_mistake_is_told_at_once_and_names_its_variable() -> None:
    found = mistakes(
        X_HTTP="nowhere",
        X_DATABASE="mysql://db",
        X_LOG_LEVEL="LOUD",
        X_SECRET="short",
        X_RETRIES="many",
        X_DRAIN_TIMEOUT="0",
        X_COLOUR="red",
    )
    assert [one.partition(":")[0] for one in sorted(found)] == [
        "X_COLOUR",
        "X_DATABASE",
        "X_DRAIN_TIMEOUT",
        "X_HTTP",
        "X_LOG_LEVEL",
        "X_RETRIES",
        "X_SECRET",
    ]


def test_an_unknown_variable_with_the_prefix_is_a_mistake() -> None:
    assert mistakes(X_HTPP="127.0.0.1:1") == [
        "X_HTPP: is not a setting; see docs/operations.md for the list"
    ]


def test_what_has_no_default_must_be_set() -> None:
    with pytest.raises(MisconfiguredError) as refused:
        from_env(ServiceSettings, "X", {})
    assert refused.value.mistakes == ["X_HTTP: is not set", "X_DATABASE: is not set"]


def test_production_refuses_the_default_secret() -> None:
    tokens = f"ci={DIGEST}:read"
    assert mistakes(X_ENVIRONMENT="production", X_TOKENS=tokens) == [
        "X_SECRET: is the default; set one of your own in production"
    ]


def test_production_refuses_to_run_without_tokens() -> None:
    assert mistakes(X_ENVIRONMENT="production", X_SECRET="0123456789abcdef") == [
        "X_TOKENS: none is set; production needs name=sha256:scope+scope"
    ]


def test_what_production_refuses_is_told_together_with_all_else() -> None:
    found = mistakes(X_ENVIRONMENT="production", X_HTTP="nowhere", X_RETRIES="many")
    assert sorted(one.partition(":")[0] for one in found) == [
        "X_HTTP",
        "X_RETRIES",
        "X_SECRET",
        "X_TOKENS",
    ]


@pytest.mark.parametrize("http", ["nowhere", "127.0.0.1", ":8010", "host:", "a b:1", "host:65536"])
def test_an_address_to_listen_on_is_a_host_and_a_port(http: str) -> None:
    assert mistakes(X_HTTP=http) == ["X_HTTP: write host:port, such as 127.0.0.1:8010"]


def test_production_starts_with_a_secret_and_a_token_of_its_own() -> None:
    found = from_env(
        XSettings,
        "X",
        {
            "X_ENVIRONMENT": "production",
            "X_SECRET": "0123456789abcdef",
            "X_TOKENS": f"ci={DIGEST}:read",
        },
    )
    assert found.api_tokens == (ApiToken("ci", DIGEST, frozenset({"read"})),)


def test_a_token_is_a_name_a_digest_and_scopes() -> None:
    found = from_env(
        XSettings, "X", {"X_TOKENS": f"a={DIGEST.upper()}:read+write,b={DIGEST}:admin"}
    )
    assert found.api_tokens == (
        ApiToken("a", DIGEST, frozenset({"read", "write"})),
        ApiToken("b", DIGEST, frozenset({"admin"})),
    )


@pytest.mark.parametrize(
    "token", ["ci", f"={DIGEST}:read", "ci=abc:read", f"ci={DIGEST}", f"ci={DIGEST}:"]
)
def test_a_token_in_another_form_is_a_mistake(token: str) -> None:
    assert mistakes(X_TOKENS=token) == [
        "X_TOKENS: write each as name=<sha256 of the token, hex>:read+write+admin"
    ]


def test_a_mistake_never_repeats_the_secret() -> None:
    assert "hunter2" not in "\n".join(mistakes(X_SECRET="hunter2", X_HTTP="bad"))
