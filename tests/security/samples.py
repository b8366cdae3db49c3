"""What good requests look like, of our own making: what the fuzz starts from."""

import json
import os
from pathlib import Path
from typing import Any

from tests.security.house import INTEGRATION_KEY, catalog

SHARED = Path(os.environ.get("TOCSIN_SHARED", "../shared")) / "payloads"

GENERIC: list[Any] = [
    {"title": "Disk full on db-3", "severity": "critical", "dedup_key": "disk db-3"},
    [
        {
            "title": "Checkout is slow",
            "description": "p99 over 2 s",
            "severity": "warning",
            "status": "firing",
            "service": "checkout",
            "labels": {"cluster": "eu-1", "replicas": 3, "canary": True},
            "links": ["https://runbooks.example.org/x", {"href": "https://e.org", "text": "graph"}],
            "started_at": "2026-01-05T08:59:00Z",
            "unknown": {"kept": [1, 2.5, None]},
        },
        {"title": "Checkout is slow", "status": "resolved", "labels": {"cluster": "eu-1"}},
    ],
]
ALERTMANAGER: list[Any] = [
    {
        "version": "4",
        "status": "firing",
        "receiver": "tocsin",
        "groupLabels": {"alertname": "HighLatency"},
        "commonLabels": {"alertname": "HighLatency", "severity": "critical"},
        "commonAnnotations": {},
        "externalURL": "https://alertmanager.example",
        "truncatedAlerts": 0,
        "alerts": [
            {
                "status": status,
                "labels": {"alertname": "HighLatency", "severity": "critical", "pod": pod},
                "annotations": {"summary": "slow", "runbook_url": "https://r.example/1"},
                "startsAt": "2026-01-05T08:00:00.123456789Z",
                "endsAt": "0001-01-01T00:00:00Z",
                "generatorURL": "https://prometheus.example/graph?g0.expr=up",
                "fingerprint": "a1b2c3d4e5f60718",
            }
            for status, pod in (("firing", "a"), ("resolved", "b"))
        ],
    }
]
PROMETHEUS: list[Any] = [
    [
        {
            "labels": {"alertname": "TargetDown", "severity": "page", "job": "api"},
            "annotations": {"summary": "api is down", "description": "for 5 minutes"},
            "startsAt": "2026-01-05T08:55:00.000Z",
            "endsAt": "2026-01-05T09:10:00.000Z",
            "generatorURL": "https://prometheus.example/graph",
        }
    ]
]
PAGERDUTY: list[Any] = [
    {
        "routing_key": INTEGRATION_KEY,
        "event_action": "trigger",
        "dedup_key": "srv01/HTTP",
        "payload": {
            "summary": "HTTP is down on srv01",
            "source": "srv01",
            "severity": "critical",
            "timestamp": "2026-01-05T08:58:00.000+0000",
            "component": "nginx",
            "group": "web",
            "class": "ping failure",
            "custom_details": {"ping time": "1500ms", "load avg": 0.75, "nested": {"a": [1]}},
        },
        "links": [{"href": "https://example.org/", "text": "Runbook"}],
        "images": [{"src": "https://example.org/a.png", "href": "https://e.org", "alt": "graph"}],
        "client": "Monitoring",
        "client_url": "https://monitoring.example.org",
    },
    {"routing_key": INTEGRATION_KEY, "event_action": "resolve", "dedup_key": "srv01/HTTP"},
]
BUNDLE: list[Any] = [
    {"set": "house", "documents": catalog("https://push.example.org/ada")},
    {"set": "other", "author": "fuzz", "documents": []},
]
SILENCE = {"matchers": ['service="checkout"', 'pod=~"a|b"'], "duration": "1h", "comment": "known"}
PRESS = {"id": "e-1", "who": "P-ADA", "press": "acknowledge", "token": "x" * 22}
ITEM = {"title": "Alert on queue length", "owner": "ada", "due": "2026-04-01", "by": "bob"}
# By method and path as OpenAPI writes it; a path may hold the source as well.
BODIES: dict[str, list[Any]] = {
    "POST /v1/swaps": [
        {
            "schedule": "payments",
            "by": "ada",
            "with": "bob",
            "from": "2026-01-06T09:00:00Z",
            "until": "2026-01-07T09:00:00Z",
            "in_return": {"from": "2026-01-13T09:00:00Z", "until": "2026-01-14T09:00:00Z"},
        }
    ],
    "POST /v1/alerts/generic": GENERIC,
    "POST /v1/alerts/alertmanager": ALERTMANAGER,
    "POST /v1/alerts/prometheus": PROMETHEUS,
    "POST /v1/alerts/pagerduty": PAGERDUTY,
    "POST /api/v2/alerts": PROMETHEUS,
    "POST /v2/enqueue": PAGERDUTY,
    "POST /v1/incidents": [
        {"title": "By hand", "service": "checkout", "severity": "error", "description": "d"}
    ],
    "POST /v1/incidents/{which}/snooze": [{"duration": "2h"}, {"until": "2026-01-06T09:00:00Z"}],
    "POST /v1/incidents/{which}/escalate": [{"to": ["user:ada"], "reason": "r", "by": "bob"}, {}],
    "POST /v1/incidents/{which}/reassign": [{"to": ["team:payments"], "reason": "r", "by": "bob"}],
    "POST /v1/incidents/{which}/note": [{"text": "the disk was full", "by": "ada"}],
    "POST /v1/incidents/{which}/{verb}": [{"by": "ada"}, {}],
    "POST /v1/silences": [
        SILENCE,
        {
            "matchers": ["a!=b"],
            "starts_at": "2026-01-05T10:00:00Z",
            "ends_at": "2026-01-05T11:00:00Z",
        },
    ],
    "POST /v1/catalog/plan": BUNDLE,
    "PUT /v1/catalog": BUNDLE,
    "POST /v1/catalog/rollback": [
        {"version": 1, "dry_run": True},
        {"version": 1, "set": "house", "reason": "r", "weeks": 26},
    ],
    "POST /v1/overrides": [
        {"schedule": "payments", "until": "2026-01-06T09:00:00Z", "remove": "ada"},
        {"schedule": "payments", "from": "2026-01-06T09:00", "until": "2026-01-06T10:00"}
        | {"cover": [], "reason": "a gap", "dry_run": True},
    ],
    "POST /v1/schedules/{name}/notes": [{"text": "look at #7", "by": "ada"}, {"text": "x"}],
    "POST /v1/channels/{name}/test": [{"address": "https://push.example.invalid/x"}, {}],
    "PUT /v1/postmortems/{identity}/sections/{section}": [
        {"text": "Checkout was slow.\n\n- for an hour", "by": "ada"}
    ],
    "POST /v1/postmortems/{identity}/review": [{"by": "ada"}, {}],
    "POST /v1/postmortems/{identity}/publish": [{"by": "ada"}, {"digest": "5f" * 32}],
    "POST /v1/postmortems/{identity}/draft": [{"by": "ada"}, {}],
    "POST /v1/postmortems/{identity}/action-items": [ITEM],
    "PUT /v1/action-items/{item}": [ITEM, {**ITEM, "state": "done"}],
    "POST /v1/chat-links": [{"code": "AAAA-BBBB-CCCC-DDDD"}, {"code": "x", "user": "ada"}],
    "POST /v1/contacts/verify": [{"user": "ada", "method": "phone"}, {"method": "x"}],
    "POST /v1/contacts/confirm": [{"user": "ada", "method": "phone", "code": "AAAA-BBBB"}],
    "POST /i/slack/{path}": [{"type": "url_verification", "challenge": "x"}],
    "POST /i/pigeon/{path}": [
        PRESS,
        {"challenge": "x"},
        {"id": "1", "who": "P-ADA", "text": "ack 1"},
    ],
}
_RECORDED = {
    "POST /v1/alerts/alertmanager": ("alertmanager", "grafana"),
    "POST /v1/alerts/prometheus": ("prometheus-direct",),
    "POST /api/v2/alerts": ("prometheus-direct",),
    "POST /v1/alerts/pagerduty": ("pagerduty",),
    "POST /v2/enqueue": ("pagerduty",),
    "POST /v1/alerts/generic": ("healthchecks", "uptime-kuma", "other-webhook"),
}
PARAMETERS: dict[str, tuple[str, ...]] = {
    "which": ("1", "2", "inc_" + "0" * 32),
    "verb": ("acknowledge", "resolve", "escalate", "merge"),
    "source": ("generic", "alertmanager", "prometheus", "pagerduty"),
    "silence_id": ("sil_" + "0" * 32,),
    "identity": ("0" * 32, "pm_" + "0" * 32),
    "incident": ("inc_" + "0" * 32,),
    "name": ("payments", "webhook", "email", "pigeon"),
    "channel": ("slack",),
    "subject": ("U0ADA", "x y"),
    "token": ("A" * 22,),
    "user": ("ada", "adda"),
    "path": ("events", "a/b"),
    "status": ("triggered", "resolved,acknowledged"),
    "service": ("checkout",),
    "since": ("2026-01-05T08:00:00Z", "-1"),
    "limit": ("1", "500", "501"),
    "cursor": ("MQ", "MjAyNi0wMS0wNVQwOTowMDowMFogeA", "eA=="),
    "schedule": ("payments",),
    "at": ("2026-01-05T09:00:00Z", "2026-01-05T09:00:00"),
    "from": ("2026-01-05T09:00:00Z",),
    "to": ("2026-02-05T09:00:00Z",),
    "version": ("1", "0"),
    "section": ("impact", "summary", "timeline"),
    "kind": ("md", "html", "json", "svg"),
    "number": ("1", "0", "1000001"),
    "item": ("act_" + "0" * 32,),
    "swap": ("swap_" + "0" * 32,),
    "override": ("ovr_" + "0" * 32,),
    "if-match": ('"0"', "1", "*", "W/x"),
    "state": ("open", "done"),
    "owner": ("ada",),
    "due_before": ("2026-04-01", "2026-13-01"),
    "filter": ('alertname="TargetDown"', 'pod=~"(a+)+"'),
}


def bodies(label: str) -> list[Any]:
    """Return good bodies of an endpoint: ours, and recorded ones where they are at hand."""
    found = list(BODIES.get(label, []))
    for folder in _RECORDED.get(label, ()):
        for file in sorted((SHARED / folder).glob("*.json")):
            if file.name.endswith(".headers.json") or file.stat().st_size > 64 * 1024:
                continue
            try:
                found.append(json.loads(file.read_bytes()))
            except ValueError:
                continue
    return found
