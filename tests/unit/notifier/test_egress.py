"""Nothing leads inside: not a spelling, not a name, not a name that changes its mind."""

from collections.abc import Sequence
from datetime import timedelta
from ipaddress import ip_address

import pytest

from notifier.adapters.outbound import OutboundHttp
from tests.contract.notifier.providers import answer, http_provider
from tocsin.channels import DeniedError, NotSentError
from tocsin.egress import Egress, is_denied

SECOND = timedelta(seconds=1)


@pytest.mark.parametrize(
    "address",
    [
        "0.0.0.0",
        "10.1.2.3",
        "100.64.0.1",
        "100.127.255.255",
        "127.0.0.1",
        "127.255.255.254",
        "169.254.169.254",
        "172.16.0.1",
        "172.31.255.255",
        "192.0.0.192",
        "192.168.1.1",
        "198.18.0.1",
        "224.0.0.1",
        "239.255.255.250",
        "255.255.255.255",
        "::",
        "::1",
        "::127.0.0.1",
        "::ffff:127.0.0.1",
        "::ffff:10.0.0.1",
        "::ffff:169.254.169.254",
        "64:ff9b::7f00:1",
        "64:ff9b::a9fe:a9fe",
        "64:ff9b:1::1",
        "2001::1",
        "2002:7f00:1::",
        "2002:a00:1::1",
        "fc00::1",
        "fd12:3456::1",
        "fe80::1",
        "fec0::1",
        "ff02::1",
    ],
)
def test_addresses_of_the_inside_are_denied(address: str) -> None:
    assert is_denied(ip_address(address))


@pytest.mark.parametrize(
    "address",
    ["8.8.8.8", "100.63.255.255", "100.128.0.1", "172.32.0.1", "2606:4700::1", "64:ff9b::808:808"],
)
def test_addresses_of_the_outside_are_not(address: str) -> None:
    assert not is_denied(ip_address(address))


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1",
        "127.1",
        "0x7f000001",
        "0x7f.0.0.1",
        "2130706433",
        "0177.0.0.1",
        "017700000001",
        "0",
        "0.0.0.0",
        "[::1]",
        "[::]",
        "[::ffff:127.0.0.1]",
        "[::ffff:7f00:1]",
        "[64:ff9b::7f00:1]",
        "[2002:7f00:1::]",
        "100.64.0.1",
        "169.254.169.254",
        "localhost",
        "LOCALHOST",
        "localhost.",
        "user@127.0.0.1",
        "public.example@127.0.0.1",
    ],
)
async def test_no_spelling_of_the_inside_is_let_out_to(host: str) -> None:
    """The system's own resolver reads these, as it would for any client."""
    http = OutboundHttp(Egress())

    with pytest.raises(NotSentError) as caught:
        await http.post(f"http://{host}:9/", headers={}, body=b"", within=SECOND)

    unresolved = "does not resolve" in str(caught.value)  # A resolver may refuse to read it at all.
    assert isinstance(caught.value, DeniedError) or unresolved


def test_most_spellings_do_resolve_so_that_the_table_means_something() -> None:
    assert str(ip_address(2130706433)) == "127.0.0.1"


class Names:
    """A resolver that gives one answer after the other."""

    def __init__(self, *answers: Sequence[str]) -> None:
        self.answers = list(answers)
        self.asked = 0

    async def __call__(self, host: str, port: int) -> Sequence[str]:
        del host, port
        self.asked += 1
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]


async def test_a_name_that_leads_inside_is_denied_and_the_address_is_not_told() -> None:
    egress = Egress(resolve=Names(["127.0.0.1"]))

    with pytest.raises(DeniedError) as caught:
        await egress.addresses("evil.example", 80)
    assert "127.0.0.1" not in str(caught.value)


async def test_one_address_inside_denies_the_whole_name() -> None:
    with pytest.raises(DeniedError):
        await Egress(resolve=Names(["93.184.216.34", "10.0.0.1"])).addresses("evil.example", 80)


async def test_a_rebinding_name_gains_nothing() -> None:
    """Resolved once, and the checked address is the one that is connected to."""
    async with http_provider(answer(200)) as inside:
        names = Names(["192.0.2.1"], ["127.0.0.1"])
        http = OutboundHttp(Egress(["192.0.2.0/24"], resolve=names))

        with pytest.raises(NotSentError):
            await http.post(
                f"http://evil.example:{inside.port}/",
                headers={},
                body=b"{}",
                within=timedelta(milliseconds=300),
            )

        assert names.asked == 1
        assert inside.received == []
        with pytest.raises(DeniedError):
            await http.post(
                f"http://evil.example:{inside.port}/", headers={}, body=b"{}", within=SECOND
            )
        assert inside.received == []


async def test_the_checked_address_is_used_and_the_name_is_kept() -> None:
    async with http_provider(answer(200)) as provider:
        http = OutboundHttp(Egress(["127.0.0.0/8"], resolve=Names(["127.0.0.1"])))
        await http.post(
            f"http://push.example:{provider.port}/x?y=1#z", headers={}, body=b"{}", within=SECOND
        )

    assert provider.received[0].headers["host"] == f"push.example:{provider.port}"
    assert provider.received[0].path == "/x?y=1"


async def test_a_redirect_inside_is_not_followed() -> None:
    async with http_provider(answer(200)) as inside:
        moved = answer(307, f"location: http://127.0.0.1:{inside.port}/secret")
        async with http_provider(moved) as provider:
            http = OutboundHttp(Egress(["127.0.0.0/8"]))
            found = await http.post(provider.url, headers={}, body=b"{}", within=SECOND)

        assert found.status == 307
        assert inside.received == []


async def test_an_allowed_network_is_let_out_to_and_its_neighbour_is_not() -> None:
    egress = Egress(["10.1.0.0/16", "fd00::/8"])

    assert await egress.addresses("10.1.2.3", 80) == ["10.1.2.3"]
    assert await egress.addresses("fd00::5", 80) == ["fd00::5"]
    with pytest.raises(DeniedError):
        await egress.addresses("10.2.0.1", 80)


async def test_loopback_allowed_is_loopback_in_both_families() -> None:
    assert await Egress(["127.0.0.0/8"]).addresses("::1", 80) == ["::1"]


@pytest.mark.parametrize(
    "url",
    [
        "",
        "push.example.org",
        "//push.example.org",
        "file:///etc/passwd",
        "ftp://example.org/",
        "gopher://127.0.0.1:25/_HELO",
        "javascript:alert(1)",
        "http://",
        "http:///path",
        "http://[::1",
        "http://host:99999/",
        "http://a b/",
        "ws://push.example.org/",
        "http://" + "a" * 64 + ".example/",
    ],
)
async def test_what_is_not_a_web_address_is_not_called(url: str) -> None:
    with pytest.raises(NotSentError):
        await OutboundHttp(Egress()).post(url, headers={}, body=b"", within=SECOND)


@pytest.mark.parametrize(
    ("written", "sent"),
    [
        ("/a b", "/a%20b"),
        ("/a%20b", "/a%20b"),
        ("/ü?q=ö", "/%C3%BC?q=%C3%B6"),
        ("/x\r\nEvil: 1", "/xEvil:%201"),
        ("?q", "/?q"),
    ],
)
async def test_a_path_cannot_break_out_of_its_line(written: str, sent: str) -> None:
    async with http_provider(answer(200)) as provider:
        http = OutboundHttp(Egress(["127.0.0.0/8"]))
        url = f"http://127.0.0.1:{provider.port}{written}"
        await http.post(url, headers={}, body=b"{}", within=SECOND)

    assert provider.received[0].path == sent
    assert "evil" not in provider.received[0].headers


async def test_a_header_cannot_break_out_of_its_line() -> None:
    async with http_provider(answer(200)) as provider:
        http = OutboundHttp(Egress(["127.0.0.0/8"]))
        for headers in ({"x": "1\r\nevil: 2"}, {"x": "1\nevil: 2"}, {"x\r\nevil": "2"}):
            with pytest.raises(NotSentError):
                await http.post(provider.url, headers=headers, body=b"", within=SECOND)
        assert provider.received == []


async def test_credentials_in_an_address_become_basic_authorization() -> None:
    async with http_provider(answer(200)) as provider:
        http = OutboundHttp(Egress(["127.0.0.0/8"]))
        url = f"http://ada:p%40ss@127.0.0.1:{provider.port}/x"
        await http.post(url, headers={}, body=b"{}", within=SECOND)

    (one,) = provider.received
    assert one.headers["authorization"] == "Basic YWRhOnBAc3M="
    assert one.headers["host"] == f"127.0.0.1:{provider.port}"


async def test_nothing_is_said_that_was_not_asked_for() -> None:
    async with http_provider(answer(200, "set-cookie: id=1; path=/")) as provider:
        http = OutboundHttp(Egress(["127.0.0.0/8"]))
        for _ in range(2):
            await http.post(provider.url, headers={"x-own": "1"}, body=b"{}", within=SECOND)

    _, second = provider.received
    assert second.headers.keys() == {
        "host",
        "user-agent",
        "x-own",
        "content-length",
        "content-type",
    }
    assert second.headers["user-agent"] == "tocsin"
