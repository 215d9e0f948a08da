import pytest
from hypothesis import given, strategies as st

from bridge._http import url

PORTS = st.integers(0, 65535)


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ("example.com", ("example.com", 443)),
        ("example.com:8443", ("example.com", 8443)),
        ("127.0.0.1:80", ("127.0.0.1", 80)),
        ("[::1]", ("::1", 443)),
        ("[2001:db8::1]:8000", ("2001:db8::1", 8000)),
        ("[::1]x]:8000", ("::1", 443)),
        ("2001:db8::1", ("2001", 443)),
        ("example.com:65535", ("example.com", 65535)),
    ],
)
def test_server_is_name_and_port_of_the_host_header(host: str, expected: tuple[str, int]) -> None:
    assert url.server_of(host, "https") == expected


@pytest.mark.parametrize(("scheme", "port"), [("http", 80), ("https", 443)])
def test_server_has_the_port_of_the_scheme_where_the_host_says_none(scheme: str, port: int) -> None:
    assert url.server_of("example.com", scheme) == ("example.com", port)


@pytest.mark.parametrize("host", [None, "", ":", ":x", "[]:x"])
def test_server_without_a_name_is_localhost(host: str | None) -> None:
    assert url.server_of(host, "http") == ("localhost", 80)


@pytest.mark.parametrize("digits", ["", "0", "x", "-1", "65536", "443,80", "99999999", "008080", "8_0", "٨٠", "²"])
def test_server_has_the_port_of_the_scheme_where_the_port_is_none(digits: str) -> None:
    assert url.server_of(f"example.com:{digits}", "https") == ("example.com", 443)
    assert url.server_of(f"[::1]:{digits}", "https") == ("::1", 443)


@given(st.text() | st.text("[]:,.0123456789abcdef "), st.sampled_from(["http", "https"]))
def test_server_never_raises_and_always_has_a_name_and_a_port(host: str, scheme: str) -> None:
    name, port = url.server_of(host, scheme)
    assert name
    assert 0 < port <= 65535


@pytest.mark.parametrize(
    ("forwarded_for", "expected"),
    [
        ("203.0.113.7", ("203.0.113.7", 0)),
        ("203.0.113.7:54321", ("203.0.113.7", 54321)),
        ("2001:db8::1", ("2001:db8::1", 0)),
        ("[2001:db8::1]", ("2001:db8::1", 0)),
        ("[2001:db8::1]:54321", ("2001:db8::1", 54321)),
        ("203.0.113.7:x", ("203.0.113.7", 0)),
        ("[2001:db8::1]x]:5", ("2001:db8::1", 0)),
    ],
)
def test_client_is_address_and_port(forwarded_for: str, expected: tuple[str, int]) -> None:
    assert url.client_of(forwarded_for) == expected


@pytest.mark.parametrize("sent_by_the_client", ["6.6.6.6", "6.6.6.6, 7.7.7.7", "", "[", "garbage"])
def test_client_is_the_last_entry_for_the_others_are_the_clients_word(sent_by_the_client: str) -> None:
    assert url.client_of(f"{sent_by_the_client}, 203.0.113.7") == ("203.0.113.7", 0)


@pytest.mark.parametrize("forwarded_for", [None, "", " ", "203.0.113.7,", "203.0.113.7, "])
def test_client_is_unknown_without_an_entry(forwarded_for: str | None) -> None:
    assert url.client_of(forwarded_for) is None


@given(st.text() | st.text("[]:,.0123456789abcdef "))
def test_client_never_raises(forwarded_for: str) -> None:
    found = url.client_of(forwarded_for)
    assert found is None or 0 <= found[1] <= 65535


@given(st.ip_addresses(), PORTS)
def test_client_of_an_ip_address_with_a_port_is_both(ip: object, port: int) -> None:
    name = str(ip)
    assert url.client_of(f"[{name}]:{port}" if ":" in name else f"{name}:{port}") == (name, port)


HERE = ["localhost", "localhost:8000", "127.0.0.1:3000", "127.9.9.9", "[::1]:80", "[::1]", "api.localhost:4566"]
ELSEWHERE = ["example.com", "localhost.example.com", "128.0.0.1", "x127.0.0.1", "[::2]", "mylocalhost", "", None]


@pytest.mark.parametrize("host", HERE)
def test_a_host_on_this_machine_is_without_a_certificate_where_nobody_names_the_scheme(host: str) -> None:
    assert [url.scheme_of(protocol, host) for protocol in (None, "")] == ["http", "http"]


@pytest.mark.parametrize("host", ELSEWHERE)
def test_any_other_host_has_a_certificate_where_nobody_names_the_scheme(host: str | None) -> None:
    assert [url.scheme_of(protocol, host) for protocol in (None, "")] == ["https", "https"]


@pytest.mark.parametrize("host", [*HERE, *ELSEWHERE])
def test_a_scheme_that_is_named_counts_and_one_that_is_none_is_https(host: str | None) -> None:
    named = ["http", "https", "ws", "HTTP", 7]
    assert [url.scheme_of(protocol, host) for protocol in named] == ["http", *["https"] * 4]
