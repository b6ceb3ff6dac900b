"""Calls go where they may and nowhere else: every form of an address, every trick of a name, every slow answer."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from regulars.kernel.errors import InvalidError, OutboundError, OutboundRefusedError
from regulars.kernel.outbound import Call, Networks, Outbound
from regulars.kernel.outbound.core import host_of, place_of, refuse, why_not
from regulars.testing.receiver import Receiver, Reply

OWN = "127.0.0.0/8"


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with Receiver() as receiver:
        yield receiver


@pytest.fixture
def outbound() -> Iterator[Outbound]:
    outbound = Outbound(OWN)
    yield outbound
    outbound.close()


private_4 = st.one_of(
    *(
        st.integers(int(IPv4Address(first)), int(IPv4Address(last))).map(IPv4Address)
        for first, last in (
            ("0.0.0.0", "0.255.255.255"),  # noqa: S104 (judged, not bound)
            ("10.0.0.0", "10.255.255.255"),
            ("100.64.0.0", "100.127.255.255"),
            ("127.0.0.0", "127.255.255.255"),
            ("169.254.0.0", "169.254.255.255"),
            ("172.16.0.0", "172.31.255.255"),
            ("192.168.0.0", "192.168.255.255"),
            ("198.18.0.0", "198.19.255.255"),
            ("224.0.0.0", "255.255.255.255"),
        )
    )
)


def six(prefix: str, low: int) -> IPv6Address:
    return IPv6Address(int(IPv6Address(prefix)) | low)


@given(private_4)
def test_no_private_address_is_called_in_whatever_form_ipv6_carries_it(address: IPv4Address) -> None:
    low = int(address)
    forms: list[IPv4Address | IPv6Address] = [
        address,
        six("::ffff:0:0", low),
        six("::", low),
        six("64:ff9b::", low),
        six("64:ff9b:1::", low),
        six("2002::", low << 80),
        six("2001::", (~low) & 0xFFFFFFFF),
        six("fe80::5efe:0:0", low),
    ]
    assert [form for form in forms if why_not(form) is None] == []


@given(private_4)
def test_a_number_in_disguise_is_no_host(address: IPv4Address) -> None:
    low = int(address)
    octets = str(address).split(".")
    disguises = [
        str(low),
        hex(low),
        oct(low).replace("0o", "0"),
        ".".join(f"0{int(one):o}" for one in octets[:3]) + f".0{int(octets[3]):o}",
        ".".join(hex(int(one)) for one in octets),
        f"{octets[0]}.{int(octets[1]) << 16 | int(octets[2]) << 8 | int(octets[3])}",
    ]
    for disguise in disguises:
        try:
            name = host_of(disguise)
        except InvalidError:
            continue
        assert why_not(ip_address(name)) is not None  # 0.0.0.0 in octal is just that


@given(st.ip_addresses(v=6))
def test_of_ipv6_only_the_public_block_and_carried_public_addresses_are_called(address: IPv6Address) -> None:
    if why_not(address) is None:
        carried = int(address) >> 32 in {0, 0xFFFF, int(IPv6Address("64:ff9b::")) >> 32}
        assert address in IPv6Network("2000::/3") or carried
        assert address.is_global or carried


@given(st.ip_addresses(v=4))
def test_every_public_ipv4_address_may_be_called(address: IPv4Address) -> None:
    if address.is_global and not address.is_multicast:
        blocks = ("192.31.196.0/24", "192.52.193.0/24", "192.175.48.0/24", "192.88.99.0/24", "192.0.0.0/24")
        if not Networks.of(",".join(blocks)).hold(address):
            assert why_not(address) is None


@pytest.mark.parametrize("metadata", ["169.254.169.254", "::ffff:169.254.169.254", "100.100.100.200", "fd00:ec2::254"])
def test_a_machines_secrets_are_never_asked_for_not_even_by_the_owner(metadata: str) -> None:
    assert why_not(ip_address(metadata), Networks.of("0.0.0.0/0, ::/0")) is not None


def test_the_owners_own_network_is_called_in_either_form() -> None:
    own = Networks.of("10.1.0.0/16")
    assert why_not(ip_address("10.1.2.3"), own) is None
    assert why_not(ip_address("::ffff:10.1.2.3"), own) is None
    assert why_not(ip_address("10.2.0.1"), own) is not None


@pytest.mark.parametrize(
    "url",
    [
        "ftp://hooks.example/in",
        "file:///etc/passwd",
        "gopher://127.0.0.1:6379/x",
        "https://",
        "https:///in",
        "//hooks.example/in",
        "hooks.example/in",
        "https://ann:secret@hooks.example/in",
        "https://hooks.example:22/in",
        "https://hooks.example:99999/in",
        "https://hooks.example\\@127.0.0.1/in",
        "https://hooks.example /in",
        "https://hooks.example\n.evil.example/in",
        "https://127.1/in",
        "https://0x7f000001/in",
        "https://[::1",
        "https://-hooks.example/",
        "https://" + "a" * 2_000,
    ],
)
def test_what_is_no_plain_https_address_is_refused_with_a_sentence(url: str) -> None:
    with pytest.raises(InvalidError, match=r"[A-Z].+\."):
        place_of(url)


def test_a_host_in_wide_digits_is_judged_as_the_address_it_is() -> None:
    assert place_of("https://１２７.0.0.1/").host == "127.0.0.1"
    assert place_of("https://ÉCOLE.example/ü?q=ü").host == "xn--cole-9oa.example"
    assert place_of("https://x.example/ü?q=1#part").target == "/%C3%BC?q=1"


def test_one_private_address_among_public_ones_condemns_the_name() -> None:
    with pytest.raises(OutboundRefusedError, match=r"rebinding\.example leads to an address that is not public"):
        refuse("rebinding.example", ["93.184.216.34", "10.0.0.7"], Networks(), plain=False)


def test_http_goes_to_the_shops_own_network_only() -> None:
    with pytest.raises(InvalidError, match="Use https"):
        Outbound().refuse_url("http://hooks.example/in")
    public = Outbound(OWN, resolve=lambda _: ["93.184.216.34"])
    with pytest.raises(OutboundRefusedError, match="by http"):
        public.call(Call(url="http://hooks.example/in"))


def test_a_name_that_changes_its_mind_is_called_where_it_was_judged(receiver: Receiver) -> None:
    told: list[str] = []

    def resolve(host: str) -> list[str]:
        told.append(host)
        return ["127.0.0.1"] if len(told) == 1 else ["169.254.169.254"]

    outbound = Outbound(OWN, resolve=resolve)
    answer = outbound.call(Call(url=f"http://hooks.example:{receiver.port}/in", body=b"{}"))
    assert answer.status == 200
    assert told == ["hooks.example"]  # looked up once: the connection went to the address that was judged
    assert receiver.received[0].headers["host"] == f"hooks.example:{receiver.port}"
    outbound.close()
    with pytest.raises(OutboundRefusedError, match="secrets"):
        outbound.call(Call(url=f"http://hooks.example:{receiver.port}/in", body=b"{}"))
    outbound.close()


def test_a_redirect_is_an_answer_and_is_not_followed(receiver: Receiver, outbound: Outbound) -> None:
    receiver.answer_with(Reply(302, {"Location": "http://169.254.169.254/latest/meta-data"}))
    assert outbound.call(Call(url=receiver.url)).status == 302
    assert len(receiver.received) == 1


def test_no_proxy_of_the_environment_is_asked(
    receiver: Receiver, outbound: Outbound, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    assert outbound.call(Call(url=receiver.url)).is_good


def test_a_huge_answer_is_cut(receiver: Receiver, outbound: Outbound) -> None:
    receiver.answer_with(Reply(how="endless"))
    answer = outbound.call(Call(url=receiver.url), answer_bytes_max=100_000)
    assert (len(answer.body), answer.cut) == (100_000, True)


@pytest.mark.parametrize("how", ["hang", "drip"])
def test_an_answer_that_does_not_come_whole_in_time_is_given_up(how: str, outbound: Outbound) -> None:
    with Receiver(lambda _: Reply(how=how)) as receiver:  # type: ignore[arg-type] # one of the words of Reply
        begun = time.monotonic()
        with pytest.raises(OutboundError, match=r"127\.0\.0\.1 did not answer within 0\.3 s"):
            outbound.call(Call(url=receiver.url), timeout_s=0.3)
        assert time.monotonic() - begun < 5


def test_what_went_wrong_on_the_way_is_a_sentence(receiver: Receiver, outbound: Outbound) -> None:
    receiver.answer_with(Reply(how="reset"))
    with pytest.raises(OutboundError, match="closed the connection"):
        outbound.call(Call(url=receiver.url, body=b"x"))
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    with pytest.raises(OutboundError, match="refuses the connection"):
        outbound.call(Call(url=f"http://127.0.0.1:{port}/"))
    with pytest.raises(OutboundError, match=r"no host named 'nowhere\.invalid'"):
        outbound.call(Call(url="https://nowhere.invalid/"))


def test_a_header_cannot_smuggle_another_request_in(receiver: Receiver, outbound: Outbound) -> None:
    with pytest.raises(InvalidError, match="header"):
        outbound.call(Call(url=receiver.url, headers={"x-note": "a\r\nHost: evil.example"}))
    with pytest.raises(InvalidError, match="header"):
        outbound.call(Call(url=receiver.url, headers={"x-note": "日本"}))
    outbound.call(Call(url=receiver.url, headers={"Host": "evil.example", "Transfer-Encoding": "chunked"}, body=b"x"))
    assert receiver.received[0].headers["host"] == f"127.0.0.1:{receiver.port}"
    assert "transfer-encoding" not in receiver.received[0].headers


def test_another_protocols_connection_is_guarded_too(receiver: Receiver, outbound: Outbound) -> None:
    outbound.connect("127.0.0.1", receiver.port).close()
    with pytest.raises(OutboundRefusedError):
        Outbound().connect("127.0.0.1", receiver.port)
    with pytest.raises(OutboundRefusedError):
        Outbound(resolve=lambda _: ["192.168.0.9"]).connect("files.example", 22)
