"""Connect: the consent of each platform walked through against an authorisation server on this machine."""

from __future__ import annotations

import base64
import hashlib
import json
import logging
import os
import socket
import sys
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import httpx
import jsonschema
import msgspec
import pytest

from pipelines import connect as connecting
from pipelines.connect import FLOWS, NO_CONSENT, Flow, connect, flow_of, key_line, store
from pipelines.errors import BadKey, ChangedShape, RapportError, SiteDown, UnknownName
from pipelines.settings import load_key
from pipelines.sources import load_source
from tests.conftest import SHARED

ID, SECRET, CODE, TOKEN = "the-app", "its-secret", "one-time-code", "short-token"
LONG, PAGE, REFRESH = "long-token", "page-token", "refresh-token"
PRIVATE = (SECRET, CODE, TOKEN, LONG, PAGE, REFRESH)


class Platform(ThreadingHTTPServer):
    """An authorisation server that checks what RFC 6749 and 7636 say a client must send."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Answers)
        self.url = f"http://127.0.0.1:{self.server_port}"
        self.asked: dict[str, str] = {}
        self.pages = [{"id": "77", "name": "Riverside", "access_token": PAGE}]
        self.status, self.body = 200, b""
        self.wraps = False
        self.form: dict[str, str] = {}
        # What was recorded elsewhere, by path, in place of what is made up here.
        self.recorded: dict[str, bytes] = {}

    def at(self, flow: Flow) -> Flow:
        """The same flow, with every address of the platform's here."""
        moved = {
            name: self.url + urlsplit(getattr(flow, name)).path
            for name in ("authorize", "redeem", "lengthen", "pages")
            if getattr(flow, name)
        }
        return msgspec.structs.replace(flow, **moved)

    def answer(self, path: str, told: dict[str, str], bearer: str) -> tuple[int, Any]:
        if path.endswith("/me/accounts"):
            return (200, {"data": self.pages}) if bearer == f"Bearer {LONG}" else (400, {"error": TOKEN})
        if told.get("grant_type", "").endswith("exchange_token"):
            given = told.get("fb_exchange_token") or told.get("access_token")
            good = given == TOKEN and told["client_secret"] == SECRET
            return (200, {"access_token": LONG, "expires_in": 5_184_000}) if good else (400, {"error": "bad"})
        ours, self.form = self.asked, told
        good = (
            told.get("grant_type") == "authorization_code"
            and told.get("code") == CODE
            and told.get("client_secret") == SECRET
            and told.get("redirect_uri") == ours["redirect_uri"]
            and (told.get("client_id") or told.get("client_key")) == ID
        )
        if challenge := ours.get("code_challenge"):
            digest = hashlib.sha256(told.get("code_verifier", "").encode()).digest()
            good &= challenge in (base64.urlsafe_b64encode(digest).decode().rstrip("="), digest.hex())
        if not good:
            return 400, {"error": "invalid_grant", "error_description": f"{told.get('code')} of {SECRET} is wrong"}
        token: dict[str, Any] = {"access_token": TOKEN, "refresh_token": REFRESH, "expires_in": 3600}
        return 200, {"data": [token]} if self.wraps else token


class _Answers(BaseHTTPRequestHandler):
    server: Platform

    def do_GET(self) -> None:
        self._answer(dict(parse_qsl(urlsplit(self.path).query)))

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        self._answer(dict(parse_qsl(body)))

    def _answer(self, told: dict[str, str]) -> None:
        path = urlsplit(self.path).path
        status, answer = self.server.answer(path, told, self.headers.get("Authorization", ""))
        body = self.server.recorded.get(path) or json.dumps(answer).encode()
        if self.server.body:
            status, body = self.server.status, self.server.body
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        pass


@pytest.fixture
def platform() -> Iterator[Platform]:
    with Platform() as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server
        server.shutdown()
        thread.join()


class Owner:
    """The account's owner: opens the address that is said, and comes back as the platform would send them."""

    def __init__(self, platform: Platform, **comes_back: str) -> None:
        self.platform, self.comes_back = platform, comes_back or {"code": CODE}
        self.said: list[str] = []
        self.saw: list[int] = []
        self.first: list[dict[str, str]] = []
        self._thread = threading.Thread(target=lambda: None)

    def __call__(self, line: str) -> None:
        self.said.append(line)
        if line.startswith("http"):
            self.platform.asked = dict(parse_qsl(urlsplit(line).query))
            self._thread = threading.Thread(target=self._come_back)
            self._thread.start()

    def _come_back(self) -> None:
        asked = self.platform.asked
        for told in (*self.first, {"state": asked["state"], **self.comes_back}):
            self.saw.append(httpx.get(f"{asked['redirect_uri']}?{urlencode(told)}").status_code)

    def gone(self) -> None:
        self._thread.join()

    @staticmethod
    def nothing_pasted(question: str) -> str:
        raise AssertionError(f"nobody should be asked: {question}")


def walked(
    source: str, platform: Platform, owner: Owner | None = None, *, page: str = "", server: str = "https://m.example"
) -> dict[str, str]:
    owner = owner or Owner(platform)
    try:
        flow = platform.at(flow_of(source, server))
        return connect(source, flow, ID, SECRET, port=0, page=page, wait_seconds=5, say=owner, ask=owner.nothing_pasted)
    finally:
        owner.gone()


@pytest.mark.parametrize("source", sorted(FLOWS))
def test_each_platform_gives_the_key_that_its_source_needs(
    source: str, platform: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = walked(source, platform)
    given = {
        "google_business": {"client_id": ID, "client_secret": SECRET, "refresh_token": REFRESH},
        "facebook": {"access_token": PAGE, "app_secret": SECRET, "app_id": ID},
        "instagram": {"access_token": LONG},
        "linkedin": {"client_id": ID, "client_secret": SECRET, "refresh_token": REFRESH},
        "mastodon": {"access_token": TOKEN},
        "tiktok": {"client_key": ID, "client_secret": SECRET, "refresh_token": REFRESH},
    }[source]
    assert key == given
    name, _, value = key_line(source, "elm", key).partition("=")
    monkeypatch.setenv(name, value.strip("'"))
    fields = load_source(source).SOURCE.key_fields
    assert load_key(source, "elm", fields) == {field: given[field] for field in fields}


def test_what_is_asked_for_is_what_each_platform_takes(platform: Platform) -> None:
    asked = {}
    for source in FLOWS:
        walked(source, platform)
        asked[source] = platform.asked
        told = platform.asked
        assert urlsplit(told["redirect_uri"]).hostname == ("localhost" if source == "facebook" else "127.0.0.1")
        assert told["response_type"] == "code"
        assert len(told["state"]) >= 32
    assert len({told["state"] for told in asked.values()}) == len(FLOWS)
    assert (asked["google_business"]["access_type"], asked["google_business"]["prompt"]) == ("offline", "consent")
    assert {source for source, told in asked.items() if told.get("code_challenge_method") == "S256"} == {
        "google_business",
        "mastodon",
        "tiktok",
    }
    assert len(asked["tiktok"]["code_challenge"]) == 64
    assert asked["tiktok"]["client_key"] == ID


def test_the_challenge_is_that_of_the_rfc() -> None:
    verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
    assert connecting.challenge(verifier, "base64url") == "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"


def test_an_answer_with_another_state_is_not_ours(platform: Platform) -> None:
    owner = Owner(platform)
    owner.first = [{"state": "made-up", "code": "stolen"}, {"code": "stolen"}, {"state": "ünknown", "code": "x"}]
    assert walked("linkedin", platform, owner)["refresh_token"] == REFRESH
    assert owner.saw == [400, 400, 400, 200]


def pasted(platform: Platform, address: str) -> dict[str, str]:
    """Walk Instagram's consent in a browser anywhere, whose last address is pasted; `{state}` is what was asked."""
    said: list[str] = []

    def ask(question: str) -> str:
        assert "address" in question
        platform.asked = dict(parse_qsl(urlsplit(said[-1]).query))
        return address.format(state=platform.asked["state"])

    flow = platform.at(FLOWS["instagram"])
    return connect("instagram", flow, ID, SECRET, redirect="https://oak.example/", say=said.append, ask=ask)


def test_where_no_redirect_to_this_machine_is_taken_the_address_is_pasted(platform: Platform) -> None:
    # Instagram writes an empty fragment behind it.
    key = pasted(platform, f"  https://oak.example/?code={CODE}&state={{state}}#_\n")
    assert platform.asked["redirect_uri"] == "https://oak.example/"
    assert key == {"access_token": LONG}
    for wrong in (f"https://oak.example/?code={CODE}&state=made-up", CODE, ""):
        with pytest.raises(BadKey, match="nobody came back"):
            pasted(platform, wrong)
    with pytest.raises(BadKey, match="there is no consent: access_denied"):
        pasted(platform, "https://oak.example/?error=access_denied&state={state}")


def test_a_token_in_a_list_as_instagrams_documents_have_it(platform: Platform) -> None:
    platform.wraps = True
    assert walked("instagram", platform) == {"access_token": LONG}


def test_an_owner_who_says_no_is_told_as_such(platform: Platform) -> None:
    with pytest.raises(BadKey, match="there is no consent: access_denied"):
        walked("google_business", platform, Owner(platform, error="access_denied"))


def test_nobody_comes_back(platform: Platform) -> None:
    started = time.monotonic()
    with pytest.raises(BadKey, match="nobody came back"):
        connect("linkedin", platform.at(FLOWS["linkedin"]), ID, SECRET, port=0, wait_seconds=0.2, say=print, ask=input)
    assert time.monotonic() - started < 5


def test_who_connects_and_says_nothing_holds_nobody_up(platform: Platform) -> None:
    silent: list[socket.socket] = []
    owner = Owner(platform)

    def say(line: str) -> None:
        if line.startswith("http"):
            port = urlsplit(dict(parse_qsl(urlsplit(line).query))["redirect_uri"]).port
            silent.append(socket.create_connection(("127.0.0.1", port or 0)))
        owner(line)

    key = connect("linkedin", platform.at(FLOWS["linkedin"]), ID, SECRET, port=0, wait_seconds=10, say=say, ask=input)
    owner.gone()
    silent[0].close()
    assert key["refresh_token"] == REFRESH


CONTRACTS = SHARED / "contracts"
needs_shared = pytest.mark.skipif(not SHARED.is_dir(), reason="needs ../shared")


@needs_shared
def test_mastodons_consent_is_what_its_openapi_and_a_real_server_have(platform: Platform) -> None:
    paths = json.loads((CONTRACTS / "mastodon/openapi/schema.json").read_text())["paths"]
    asks = {one["name"]: one for one in paths["/oauth/authorize"]["get"]["parameters"]}
    takes = paths["/oauth/token"]["post"]["requestBody"]["content"]["application/json"]["schema"]
    walked("mastodon", platform)
    assert {name for name, one in asks.items() if one.get("required")} <= set(platform.asked) <= set(asks)
    jsonschema.validate(platform.form, takes)
    assert set(takes.get("required", ())) <= set(platform.form) <= set(takes["properties"])
    place = CONTRACTS / "mastodon/recorded/mastodon.py-cassettes-flat/test_log_in_none.flat.json"
    told = json.loads(place.read_text())[0]["body"]
    flow = flow_of("mastodon", told["issuer"].replace("http:", "https:"))
    assert urlsplit(flow.authorize).path == urlsplit(told["authorization_endpoint"]).path
    assert urlsplit(flow.redeem).path == urlsplit(told["token_endpoint"]).path
    assert platform.form["grant_type"] in told["grant_types_supported"]
    assert platform.asked["response_type"] in told["response_types_supported"]
    assert platform.asked["code_challenge_method"] in told["code_challenge_methods_supported"]
    assert flow.scopes in told["scopes_supported"]
    assert "client_secret_post" in told["token_endpoint_auth_methods_supported"]


@needs_shared
def test_the_addresses_and_scopes_are_those_of_the_documents() -> None:
    google = json.loads((CONTRACTS / "google_business/mybusiness_v4_reviews.openapi.json").read_text())
    told = google["components"]["securitySchemes"]["oauth2"]["flows"]["authorizationCode"]
    flow = FLOWS["google_business"]
    assert (flow.authorize, flow.redeem) == (told["authorizationUrl"], told["tokenUrl"])
    assert flow.scopes in told["scopes"]
    linkedin = "".join(path.read_text() for path in (CONTRACTS / "linkedin/openapi-third-party").glob("*.yml"))
    flow = FLOWS["linkedin"]
    assert f"authorizationUrl: {flow.authorize}\n" in linkedin
    assert f"tokenUrl: {flow.redeem}\n" in linkedin


@needs_shared
def test_recorded_answers_are_understood(platform: Platform) -> None:
    recorded = CONTRACTS / "facebook_pages/recorded/python-facebook/base"
    pages = (recorded / "user_accounts_token.json").read_bytes()
    platform.recorded = {"/v26.0/me/accounts": pages}
    assert walked("facebook", platform)["access_token"] == json.loads(pages)["data"][0]["access_token"]
    long = (recorded / "threads_user_long_lived_token.json").read_bytes()
    short = (recorded / "basic_display_api_user_token.json").read_bytes()
    platform.recorded = {"/access_token": long}
    assert walked("instagram", platform) == {"access_token": json.loads(long)["access_token"]}
    # A recorded token is none of ours: what is asked with it is refused, and only that.
    platform.recorded = {"/oauth/access_token": short}
    with pytest.raises(BadKey, match="the platform refused with 400"):
        walked("instagram", platform)


def test_several_pages_need_a_choice(platform: Platform) -> None:
    platform.pages.append({"id": "88", "name": "Other", "access_token": "other-token"})
    with pytest.raises(BadKey, match=r"the owner has the pages 77, 88.*--page"):
        walked("facebook", platform)
    assert walked("facebook", platform, page="88")["access_token"] == "other-token"
    with pytest.raises(BadKey, match="--page"):
        walked("facebook", platform, page="99")
    platform.pages.clear()
    with pytest.raises(BadKey, match="the pages none"):
        walked("facebook", platform)


@pytest.mark.parametrize(
    ("status", "body", "error"),
    [
        (400, b'{"error_description": "one-time-code of its-secret"}', BadKey),
        (503, b"one-time-code", SiteDown),
        (429, b"slow down", SiteDown),
        (200, b"<html>one-time-code", ChangedShape),
        (200, b'["short-token"]', ChangedShape),
        (200, b'{"error": "invalid_grant", "log_id": "one-time-code"}', BadKey),
    ],
)
def test_what_a_platform_refuses_is_told_without_its_words(
    platform: Platform, status: int, body: bytes, error: type[RapportError], caplog: pytest.LogCaptureFixture
) -> None:
    platform.status, platform.body = status, body
    with pytest.raises(error) as raised, caplog.at_level(logging.DEBUG):
        walked("tiktok", platform)
    logged = [record.getMessage() for record in caplog.records if "/callback" not in record.getMessage()]
    assert not [word for word in PRIVATE if word in "".join([str(raised.value), *logged])]


def test_nothing_private_is_said_on_the_way(
    platform: Platform, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    owner = Owner(platform)
    with caplog.at_level(logging.DEBUG):
        walked("facebook", platform, owner)
    logged = [record.getMessage() for record in caplog.records if "/callback" not in record.getMessage()]
    shown = "".join([*owner.said, *logged, *capfd.readouterr()])
    assert not [word for word in PRIVATE if word in shown]


@pytest.mark.parametrize("source", sorted(NO_CONSENT))
def test_a_source_without_consent_says_what_its_key_is(source: str) -> None:
    with pytest.raises(UnknownName, match="needs nobody's consent"):
        flow_of(source)


def test_what_cannot_be_connected_is_refused() -> None:
    with pytest.raises(UnknownName, match="There is: google_business"):
        flow_of("yelp")
    for server in ("", "m.example", "http://m.example"):
        with pytest.raises(UnknownName, match="Give --server https"):
            flow_of("mastodon", server)
    assert flow_of("mastodon", "https://m.example/").redeem == "https://m.example/oauth/token"


def test_the_key_goes_to_airflow_by_a_file_of_our_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With a stand-in for the airflow command: what it is given, and that nothing is left behind."""
    kept = tmp_path / "kept.json"
    command = tmp_path / "python"
    command.write_text(
        f"#!{sys.executable}\nimport json, os, sys\n"
        "path = sys.argv[-1]\nmode, file = oct(os.stat(path).st_mode)[-3:], json.load(open(path))\n"
        "told = {'words': sys.argv[1:], 'mode': mode, 'file': file}\n"
        f"open({str(kept)!r}, 'w').write(json.dumps(told))\n"
        "sys.exit(int(os.environ.get('AIRFLOW_FAILS', '0')))\n"
    )
    command.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(command))
    assert store("linkedin", "elm", {"refresh_token": REFRESH}, tmp_path) == "linkedin__elm"
    told = json.loads(kept.read_text())
    assert told["words"][:-1] == ["-m", "airflow", "connections", "import", "--overwrite"]
    assert told["mode"] == "600"
    assert json.loads(told["file"]["linkedin__elm"]["extra"]) == {"refresh_token": REFRESH}
    assert not os.path.exists(told["words"][-1])
    monkeypatch.setenv("AIRFLOW_FAILS", "1")
    with pytest.raises(BadKey, match="did not take the connection") as raised:
        store("linkedin", "", {"refresh_token": REFRESH}, tmp_path)
    assert REFRESH not in str(raised.value)
    assert not os.path.exists(json.loads(kept.read_text())["words"][-1])
