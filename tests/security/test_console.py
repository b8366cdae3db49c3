"""The forms of the console in the real house: no session, no form, no scope, no effect."""

from urllib.parse import urlencode

from tests.security.access import FORM, filled
from tests.security.house import TOKENS, House, bearer

FORMS = {"content-type": "application/x-www-form-urlencoded", "origin": "https://tocsin.example"}


async def logged_in(at_home: House, role: str) -> str:
    """Return the cookie of a session."""
    body = urlencode({"token": TOKENS[role][0]}).encode()
    answer = await at_home.ask(
        "postmortem", "POST", "/login", {**FORMS, "host": "tocsin.example"}, body
    )
    assert answer.status == 303, answer.text
    return answer.headers["set-cookie"].partition(";")[0]


async def sent(at_home: House, path: str, headers: dict[str, str], **given: str) -> int:
    body = urlencode(given).encode()
    answer = await at_home.ask(
        "postmortem", "POST", path, {**FORMS, "host": "tocsin.example", **headers}, body
    )
    return answer.status


async def test_no_form_is_open_without_a_session_of_its_own(at_home: House) -> None:
    before = len(at_home.broker.log)
    wrong = []
    for route in FORM:
        path = filled(route.partition(" ")[2], at_home.known)
        for headers in ({}, bearer("owner"), {"cookie": "tocsin=x; __Host-tocsin=x"}):
            status = await sent(at_home, path, headers, csrf="")
            wrong += [(path, str(headers))] if status != 401 else []
        for role in ("reader", "writer", "owner"):
            cookie = await logged_in(at_home, role)
            for csrf in ("", "x", "0" * 64):
                status = await sent(at_home, path, {"cookie": cookie}, csrf=csrf, key="k")
                wrong += [(path, csrf)] if status != 403 else []
    await at_home.settle()
    assert wrong == []
    assert len(at_home.broker.log) == before


async def test_who_may_write_acknowledges_through_all_services(at_home: House) -> None:
    cookie: dict[str, str] = {}
    for role, status in (("reader", 403), ("writer", 303)):
        cookie = {"cookie": await logged_in(at_home, role)}
        page = await at_home.ask("postmortem", "GET", "/incidents/1", cookie)
        csrf = page.text.split('name="csrf" value="')[1].split('"')[0]
        assert await sent(at_home, "/incidents/1/acknowledge", cookie, csrf=csrf, key="k") == status
        await at_home.settle()
    answer = await at_home.ask("incident-intake", "GET", "/v1/incidents/1", bearer("owner"))
    assert answer.json()["status"] == "acknowledged"
    page = await at_home.ask("postmortem", "GET", "/incidents/1", cookie)
    assert "Acknowledge: done." in page.text
