"""The way to the mail server: TLS or nothing off this machine. Real TLS servers on loopback, with a CA of our own."""

from __future__ import annotations

import datetime as dt
import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import pytest
from aiosmtpd.smtp import SMTP, Envelope, Session
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from pydantic import ValidationError

from pipelines.demo.mailbox import Mailbox
from pipelines.errors import SiteDown
from pipelines.landing import DataDir
from pipelines.mail import Doubtful, NotTaken, check_mail_server, compose, deliver, mail_server
from pipelines.send import send
from pipelines.settings import Settings
from tests.smtp_server import listening
from tests.test_send import MONTH, NOW, PRACTICES, arrived, letter, put_pdf

HOST = "mail.oak.example"


class Authority(NamedTuple):
    """A certificate authority's own certificate, and a server's certificate and key in one file."""

    ca: Path
    server: Path


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    folder = tmp_path_factory.mktemp("tls")
    now = dt.datetime.now(dt.UTC)
    ca_key, key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())

    def certificate(name: str, public: Any, *, ca: bool) -> x509.Certificate:
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        issuer = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Test CA")])
        builder = x509.CertificateBuilder().subject_name(subject).issuer_name(issuer).public_key(public)
        builder = builder.serial_number(x509.random_serial_number())
        builder = builder.not_valid_before(now - dt.timedelta(days=1)).not_valid_after(now + dt.timedelta(days=1))
        builder = builder.add_extension(x509.BasicConstraints(ca=ca, path_length=None), critical=True)
        signer = x509.SubjectKeyIdentifier.from_public_key(ca_key.public_key())
        builder = builder.add_extension(x509.SubjectKeyIdentifier.from_public_key(public), critical=False)
        builder = builder.add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(signer), critical=False
        )
        if ca:
            usage = x509.KeyUsage(True, False, False, False, False, True, True, False, False)
            builder = builder.add_extension(usage, critical=True)
        else:
            builder = builder.add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        return builder.sign(ca_key, hashes.SHA256())

    pem = serialization.Encoding.PEM
    (folder / "ca.pem").write_bytes(certificate("Test CA", ca_key.public_key(), ca=True).public_bytes(pem))
    private = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    (folder / "server.pem").write_bytes(certificate(HOST, key.public_key(), ca=False).public_bytes(pem) + private)
    return Authority(folder / "ca.pem", folder / "server.pem")


class Taken:
    """Remembers over what each message came."""

    def __init__(self) -> None:
        self.over: list[str] = []

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        assert server.transport
        self.over.append("tls" if server.transport.get_extra_info("ssl_object") else "clear")
        return "250 taken"


@contextmanager
def serve(taken: Taken, authority: Authority, way: str) -> Iterator[int]:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(authority.server)
    upgrade = context if way == "starttls" else None
    with listening(lambda: SMTP(taken, tls_context=upgrade), context if way == "implicit" else None) as port:
        yield port


@pytest.fixture
def far_away(monkeypatch: pytest.MonkeyPatch) -> None:
    """Resolve HOST to this machine. Only the resolver is a stand-in: to us the server is elsewhere."""
    resolve = socket.getaddrinfo

    def resolved(host: Any, *rest: Any, **named: Any) -> Any:
        return resolve("127.0.0.1" if host == HOST else host, *rest, **named)

    monkeypatch.setattr(socket, "getaddrinfo", resolved)


@pytest.fixture
def taken() -> Taken:
    return Taken()


def hand_over_one(settings: Settings) -> None:
    with mail_server(settings) as server:
        server.sendmail("reports@rapport.example", ["c@elm.example"], b"Subject: x\r\n\r\nbody\r\n")


@pytest.mark.usefixtures("far_away")
@pytest.mark.parametrize("way", ["starttls", "implicit"])
def test_a_server_elsewhere_is_spoken_to_under_tls_with_a_checked_certificate(
    way: str, authority: Authority, taken: Taken, monkeypatch: pytest.MonkeyPatch
) -> None:
    with serve(taken, authority, way) as port:
        if way == "implicit":
            monkeypatch.setattr("pipelines.mail.IMPLICIT_TLS_PORT", port)
        known = Settings(smtp_host=HOST, smtp_port=port, smtp_ca=authority.ca)
        hand_over_one(known)
        with pytest.raises(NotTaken, match="SSLCertVerificationError") as unknown_ca:
            hand_over_one(known.model_copy(update={"smtp_ca": None}))
        with pytest.raises(NotTaken, match="SSLCertVerificationError"):
            hand_over_one(known.model_copy(update={"smtp_host": "127.0.0.1", "smtp_tls": way}))
        with pytest.raises(SiteDown, match="SSLCertVerificationError"):
            check_mail_server(known.model_copy(update={"smtp_ca": None}))
    assert unknown_ca.value.for_good
    assert taken.over == ["tls"]


@pytest.mark.usefixtures("far_away")
def test_a_server_elsewhere_without_tls_gets_nothing(authority: Authority, taken: Taken) -> None:
    with serve(taken, authority, "clear") as port, pytest.raises(NotTaken, match="SMTPNotSupportedError") as raised:
        hand_over_one(Settings(smtp_host=HOST, smtp_port=port, smtp_user="us"))
    assert raised.value.for_good
    assert taken.over == []


def test_on_this_machine_tls_is_there_if_it_is_asked_for(authority: Authority, taken: Taken) -> None:
    with serve(taken, authority, "clear") as port:
        hand_over_one(Settings(smtp_port=port))
        with pytest.raises(NotTaken, match="SMTPNotSupportedError"):
            hand_over_one(Settings(smtp_port=port, smtp_tls="starttls"))
    assert taken.over == ["clear"]


@pytest.mark.parametrize("host", ["localhost.oak.example", "127.0.0.1.oak.example", "10.0.0.1", "::2", ""])
def test_what_only_looks_like_this_machine_is_elsewhere(host: str) -> None:
    from pipelines.mail import way_of

    assert way_of(Settings(smtp_host=host)) == "starttls"
    assert way_of(Settings(smtp_host=host, smtp_port=465)) == "implicit"


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "127.8.8.8", "::1"])
def test_this_machine(host: str) -> None:
    from pipelines.mail import way_of

    assert way_of(Settings(smtp_host=host)) == "clear"


@pytest.mark.parametrize("name", ["unsubscribe_url", "report_url"])
@pytest.mark.parametrize("url", ["http://oak.example/u/{token}", "https://oak.example/u", "oak.example/{token}"])
def test_an_address_for_recipients_is_https_and_has_a_place_for_the_token(name: str, url: str) -> None:
    with pytest.raises(ValidationError, match=name):
        Settings.model_validate({name: url})


def test_a_long_address_to_unsubscribe_at_is_one_that_can_be_clicked(data: DataDir) -> None:
    """An encoded word, which long words of other headers become, is no address to any mail program."""
    host = f"airflow.{'riverside-family-dental-group.' * 3}example.com"
    settings = Settings(unsubscribe_url=f"https://{host}/rapport/u/{{token}}", mail_reply_to=f"Oak <olga@{host}>")
    wire = compose(msgspec.structs.replace(letter(), token="T" * 32), settings, NOW).as_bytes()
    assert (
        f"\r\nList-Unsubscribe: <https://{host}/rapport/u/{'T' * 32}>,\r\n"
        f" <mailto:olga@{host}?subject=Unsubscribe>\r\nList-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n"
    ).encode() in wire
    put_pdf(data, "elm")
    with Mailbox(data.mailbox) as mailbox:
        send(
            MONTH, PRACTICES, data, settings.model_copy(update={"smtp_port": mailbox.port}), NOW, say=lambda line: None
        )
    assert str(arrived(data)[0]["List-Unsubscribe"]).startswith(f"<https://{host}/rapport/u/")


@pytest.mark.parametrize(("after", "error"), [("220", NotTaken), ("354", NotTaken), ("250 taken", Doubtful)])
def test_a_server_that_falls_silent_is_not_waited_for(taken: Taken, after: str, error: type[Exception]) -> None:
    class Silent(SMTP):
        async def push(self, status: Any) -> None:
            if not str(status).startswith(after):
                await super().push(status)

    with (
        listening(lambda: Silent(taken)) as port,
        pytest.raises(error, match=r"TimeoutError|ServerDisconnected|connection broke"),
        mail_server(Settings(smtp_port=port), timeout_seconds=0.3) as server,
    ):
        deliver(server, compose(letter(), Settings(), NOW), "reports@rapport.example", "c@elm.example")
