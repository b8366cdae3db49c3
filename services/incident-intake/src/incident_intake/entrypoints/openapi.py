"""What the plain routes look like in OpenAPI: they bypass FastAPI, so it is written by hand."""

from typing import Any

from incident_intake.entrypoints.sources import SOURCES

_KEY = "The integration key: Bearer, GenieKey, Basic password, X-Tocsin-Key, or the path /k/KEY/…"
_JSON: dict[str, Any] = {"required": True, "content": {"application/json": {"schema": {}}}}
_UNKNOWN = "The key is missing or unknown, or the signature that its integration needs."


def _answers(**more: str) -> dict[str, Any]:
    always = {"503": "Not now; Retry-After says when to try again."}
    named = {code.removeprefix("_"): text for code, text in more.items()}
    return {code: {"description": text} for code, text in sorted((named | always).items())}


PATHS: dict[str, Any] = {
    "/v1/alerts/{source}": {
        "post": {
            "tags": ["ingest"],
            "summary": "Webhooks by the name of the tool that sends them.",
            "description": _KEY,
            "parameters": [
                {
                    "name": "source",
                    "in": "path",
                    "required": True,
                    "schema": {"type": "string", "enum": sorted(SOURCES)},
                }
            ],
            "requestBody": _JSON,
            "responses": _answers(
                _202="Durable: accepted, event_ids, and unreadable where parts could not be read.",
                _400="Broken JSON with line and column, or JSON that is too deep or too large.",
                _401=_UNKNOWN,
                _404="No source has this name.",
                _413="Larger than 5 MiB.",
                _422="A field of a generic alert is wrong; it is named.",
            ),
        }
    },
    "/api/v2/alerts": {
        "post": {
            "tags": ["ingest"],
            "summary": "Alerts from Prometheus and whoever else talks to an Alertmanager.",
            "description": _KEY,
            "requestBody": _JSON,
            "responses": _answers(
                _200="Durable; the body is empty.",
                _400="As Alertmanager answers.",
                _401=_UNKNOWN,
                _415="Not application/json.",
                _422="As Alertmanager answers.",
            ),
        },
        "get": {
            "tags": ["ingest"],
            "summary": "The firing alerts of the integration, as Alertmanager lists them.",
            "description": _KEY,
            "responses": _answers(
                _200="The alerts.",
                _401=_UNKNOWN,
            ),
        },
    },
    "/api/v2/status": {
        "get": {
            "tags": ["ingest"],
            "summary": "What clients of an Alertmanager ask first.",
            "responses": _answers(_200="Version and uptime."),
        }
    },
    "/v2/enqueue": {
        "post": {
            "tags": ["ingest"],
            "summary": "PagerDuty Events API v2.",
            "description": "The key is routing_key, or comes as for every other intake path.",
            "requestBody": _JSON,
            "responses": _answers(
                _202="Durable; the dedup_key, given or minted.",
                _400="As PagerDuty answers: invalid event, unknown key, not JSON, over 512 KB.",
                _401="The integration of this key signs, and the signature is missing or wrong.",
            ),
        }
    },
}
