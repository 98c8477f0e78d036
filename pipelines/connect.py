"""Connect: walk an account's owner through a platform's consent, and make the key that its source needs.

The authorization code flow (RFC 6749, 4.1) with a redirect to this machine (RFC 8252, 7.3), `state`, and PKCE
(RFC 7636) where the platform takes it. No code, secret or token stands in a log or an error; the caller gets the key.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import logging
import os
import secrets
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any, Literal
from urllib.parse import parse_qs, urlencode, urlsplit

import httpx
import msgspec

from pipelines.errors import BadKey, ChangedShape, SiteDown, UnknownName
from pipelines.settings import REPOSITORY, connection_name, key_variable

# At INFO it writes each address it asks, and Meta's exchange has the secret in it.
logging.getLogger("httpx").setLevel(logging.WARNING)
PORT = 8765
_WAIT_SECONDS = 300.0
_PATH = "/callback"
# Sources that read without anybody's consent: an app's own key is all there is.
NO_CONSENT = {
    "reddit": "the app's client id and secret, with which Rapport asks for a token itself",
    "x": "the app's bearer token, copied from the developer console",
    "youtube": "an API key, made in Google's console",
}


class Flow(msgspec.Struct, frozen=True, kw_only=True):
    """How a platform asks for consent. `scopes` come as the platform separates them; `gives` are the key's fields.

    `client` is what it calls the app's id. `redeem` takes the code; `lengthen`, where there is one, gives a token that
    lives longer, by its own `grant` and under the name `short` for the one it is given. `pages` lists what the owner
    has tokens for. `host` is what it calls this machine. `{server}` is filled in.
    """

    authorize: str
    redeem: str
    scopes: str
    gives: tuple[str, ...]
    client: str = "client_id"
    extra: Mapping[str, str] = {}
    pkce: Literal["", "base64url", "hex"] = ""
    lengthen: str = ""
    grant: str = ""
    short: str = "access_token"
    pages: str = ""
    # RFC 8252, 8.3: the name localhost may be another machine's.
    host: str = "127.0.0.1"


FLOWS = {
    "google_business": Flow(
        authorize="https://accounts.google.com/o/oauth2/v2/auth",
        redeem="https://oauth2.googleapis.com/token",
        scopes="https://www.googleapis.com/auth/business.manage",
        gives=("client_id", "client_secret", "refresh_token"),
        extra={"access_type": "offline", "prompt": "consent"},
        pkce="base64url",
    ),
    "facebook": Flow(
        authorize="https://www.facebook.com/v26.0/dialog/oauth",
        redeem="https://graph.facebook.com/v26.0/oauth/access_token",
        scopes="pages_show_list,pages_read_engagement,pages_read_user_content,read_insights",
        gives=("access_token", "app_secret", "app_id"),
        lengthen="https://graph.facebook.com/v26.0/oauth/access_token",
        grant="fb_exchange_token",
        short="fb_exchange_token",
        pages="https://graph.facebook.com/v26.0/me/accounts",
        # Facebook takes http to this machine by this name alone, and from an app in development mode.
        host="localhost",
    ),
    "instagram": Flow(
        authorize="https://www.instagram.com/oauth/authorize",
        redeem="https://api.instagram.com/oauth/access_token",
        scopes="instagram_business_basic,instagram_business_manage_comments,instagram_business_manage_insights",
        gives=("access_token",),
        lengthen="https://graph.instagram.com/access_token",
        grant="ig_exchange_token",
    ),
    "linkedin": Flow(
        authorize="https://www.linkedin.com/oauth/v2/authorization",
        redeem="https://www.linkedin.com/oauth/v2/accessToken",
        scopes="r_organization_social_feed rw_organization_admin r_organization_followers",
        gives=("client_id", "client_secret", "refresh_token"),
    ),
    "mastodon": Flow(
        authorize="{server}/oauth/authorize",
        redeem="{server}/oauth/token",
        scopes="read",
        gives=("access_token",),
        pkce="base64url",
    ),
    "tiktok": Flow(
        authorize="https://www.tiktok.com/v2/auth/authorize/",
        redeem="https://open.tiktokapis.com/v2/oauth/token/",
        scopes="user.info.basic,user.info.stats,video.list",
        gives=("client_key", "client_secret", "refresh_token"),
        client="client_key",
        # TikTok writes the challenge in hexadecimal digits, where the RFC has base64url.
        pkce="hex",
    ),
}


def flow_of(source: str, server: str = "") -> Flow:
    """Return a source's flow. Raises UnknownName for one that needs no consent, or whose `server` is missing."""
    if source in NO_CONSENT:
        raise UnknownName(
            f"{source} needs nobody's consent: its key is {NO_CONSENT[source]}",
            where="connect",
            next_step=f"Store it as docs/sources/{source}.md says",
        )
    if source not in FLOWS:
        raise UnknownName(
            f"there is no consent to ask for at '{source}'", where="connect", next_step=f"There is: {', '.join(FLOWS)}"
        )
    flow = FLOWS[source]
    if "{server}" in flow.authorize and urlsplit(server).scheme != "https":
        raise UnknownName(
            "which server is it?", where=f"connect {source}", next_step="Give --server https://…, the account's own"
        )
    return at_server(flow, server)


def at_server(flow: Flow, server: str) -> Flow:
    told = server.rstrip("/")
    return msgspec.structs.replace(
        flow, authorize=flow.authorize.replace("{server}", told), redeem=flow.redeem.replace("{server}", told)
    )


def connect(
    source: str,
    flow: Flow,
    client_id: str,
    client_secret: str,
    *,
    port: int = PORT,
    redirect: str = "",
    page: str = "",
    wait_seconds: float = _WAIT_SECONDS,
    say: Callable[[str], None],
    ask: Callable[[str], str],
) -> dict[str, str]:
    """Return the key that an owner's consent gives, as the fields that the source needs.

    `say` is told the address to open; `page` chooses among several pages of Facebook. With a `redirect` elsewhere,
    where a platform takes none to this machine, `ask` is answered with the address at which the browser ended. Raises
    BadKey if there is no consent or the platform refuses the code, SiteDown if it does not answer, ChangedShape if it
    answers otherwise.
    """
    where = f"connect {source}"
    state, verifier = secrets.token_urlsafe(32), secrets.token_urlsafe(64)
    if redirect:
        _show(flow, client_id, redirect, state, verifier, say)
        code = _code(_answer_in(ask("The whole address at which the browser ended"), state), where)
    else:
        # The port is the operating system's choice where it is 0.
        with _Receiver(state, port) as receiver:
            redirect = f"http://{flow.host}:{receiver.server_port}{_PATH}"
            _show(flow, client_id, redirect, state, verifier, say)
            code = _code(receiver.wait(wait_seconds), where)
    form = {
        flow.client: client_id,
        "client_secret": client_secret,
        "code": code,
        "grant_type": "authorization_code",
        "redirect_uri": redirect,
    }
    if flow.pkce:
        form["code_verifier"] = verifier
    with httpx.Client(timeout=30) as http:
        told = _unwrapped(_asked(http, "POST", flow.redeem, where, data=form))
        if flow.lengthen:
            query = {"grant_type": flow.grant, flow.client: client_id, "client_secret": client_secret}
            query[flow.short] = _text(told, "access_token", where)
            told |= _asked(http, "GET", flow.lengthen, where, params=query)
        if flow.pages:
            bearer = {"Authorization": f"Bearer {_text(told, 'access_token', where)}"}
            listed = _asked(http, "GET", flow.pages, where, headers=bearer, params={"fields": "id,name,access_token"})
            told["access_token"] = _page_token(listed, page, where)
    mine = {
        "client_id": client_id,
        "client_key": client_id,
        "client_secret": client_secret,
        "app_id": client_id,
        "app_secret": client_secret,
    }
    return {field: mine.get(field) or _text(told, field, where) for field in flow.gives}


def _show(flow: Flow, client_id: str, redirect: str, state: str, verifier: str, say: Callable[[str], None]) -> None:
    asked = {
        flow.client: client_id,
        "redirect_uri": redirect,
        "response_type": "code",
        "scope": flow.scopes,
        "state": state,
        **flow.extra,
    }
    if flow.pkce:
        asked |= {"code_challenge": challenge(verifier, flow.pkce), "code_challenge_method": "S256"}
    say(f"The app must know the redirect {redirect}. Open this address as the account's owner:")
    say(f"{flow.authorize}?{urlencode(asked)}")


def challenge(verifier: str, way: str) -> str:
    """Return the S256 challenge of a verifier (RFC 7636, 4.2), in base64url, or in hexadecimal digits."""
    digest = hashlib.sha256(verifier.encode())
    return digest.hexdigest() if way == "hex" else base64.urlsafe_b64encode(digest.digest()).rstrip(b"=").decode()


def key_line(source: str, name: str, key: Mapping[str, str]) -> str:
    """Return the line of the environment that holds a key."""
    return f"{key_variable(source, name)}='{json.dumps(key)}'"


def store(source: str, name: str, key: Mapping[str, str], data_dir: Path) -> str:
    """Write a key into Airflow's connection of the source, replacing what is there, and return its name.

    The key goes by a file that only we may read: what stands on a command line everybody on the machine can see.
    """
    connection = connection_name(source, name)
    handle, path = tempfile.mkstemp(suffix=".json")
    try:
        with os.fdopen(handle, "w") as file:
            json.dump({connection: {"conn_type": "generic", "extra": json.dumps(key)}}, file)
        command = [sys.executable, "-m", "airflow", "connections", "import", "--overwrite", path]
        home = {"AIRFLOW_HOME": str(REPOSITORY), **os.environ, "RAPPORT_DATA_DIR": str(data_dir)}
        done = subprocess.run(command, capture_output=True, check=False, env=home)
    finally:
        Path(path).unlink()
    if done.returncode:
        raise BadKey(
            "Airflow did not take the connection",
            where=f"connect {source}",
            next_step="Run it without --store, and store the line that it prints yourself",
        )
    return connection


class _Receiver(HTTPServer):
    """Waits on this machine alone for the browser to come back with a code and our own state."""

    def __init__(self, state: str, port: int) -> None:
        self.state, self.answer = state, dict[str, str]()
        super().__init__(("127.0.0.1", port), _Callback)

    def wait(self, seconds: float) -> dict[str, str]:
        """Return what the browser came back with, or nothing after some seconds."""
        give_up = time.monotonic() + seconds
        while not self.answer and (left := give_up - time.monotonic()) > 0:
            self.timeout = left
            self.handle_request()
        return self.answer


class _Callback(BaseHTTPRequestHandler):
    server: _Receiver
    # A browser that opens a connection and says nothing must not hold the owner's up.
    timeout = 2

    def do_GET(self) -> None:
        told = _answer_in(self.path, self.server.state)
        if urlsplit(self.path).path == _PATH and told:
            self.server.answer = told
            status, said = 200, "Thank you. Close this window, and go back to the terminal."
        else:
            status, said = 400, "This is not the answer that Rapport waits for."
        self.send_response(status)
        self.send_header("Content-Type", "text/plain; charset=utf-8")
        self.send_header("Referrer-Policy", "no-referrer")
        self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(said.encode())

    def log_message(self, *_: Any) -> None:
        """Write nothing: the request's line holds the code."""


def _answer_in(address: str, state: str) -> dict[str, str]:
    """Return the code or the error in an address to which a platform sent the browser; nothing if it is not ours."""
    told = {name: values[0] for name, values in parse_qs(urlsplit(address.strip()).query).items()}
    ours = hmac.compare_digest(told.get("state", "").encode(), state.encode())
    return told if ours and (told.get("code") or told.get("error")) else {}


def _code(told: Mapping[str, str], where: str) -> str:
    if not told.get("code"):
        said = told.get("error", "nobody came back from the platform")
        raise BadKey(f"there is no consent: {said[:60]}", where=where, next_step="Run it again, and agree")
    return told["code"]


def _unwrapped(told: dict[str, Any]) -> dict[str, Any]:
    """Return the token's fields: Instagram's documents show them in a list of one, its servers answer without it."""
    match told:
        case {"data": [dict(inner)]}:
            return inner
    return told


def _asked(http: httpx.Client, method: str, url: str, where: str, **more: Any) -> dict[str, Any]:
    """Return a platform's answer as a mapping. Its words are not told on: they may hold what was sent."""
    try:
        answer = http.request(method, url, **more)
    except httpx.TransportError as error:
        raise SiteDown(f"the platform does not answer ({type(error).__name__})", where=where) from None
    if answer.status_code >= 500 or answer.status_code == 429:
        raise SiteDown(f"the platform answered {answer.status_code}", where=where, status=answer.status_code)
    if answer.status_code != 200:
        raise BadKey(
            f"the platform refused with {answer.status_code}",
            where=where,
            next_step="See that the app's id, secret, redirect and scopes are as its page in docs/sources says",
        )
    try:
        told = json.loads(answer.content)
    except ValueError:
        told = None
    if not isinstance(told, dict):
        raise ChangedShape("the platform's answer is no JSON object", where=where)
    return told


def _text(told: Mapping[str, Any], field: str, where: str) -> str:
    value = told.get(field)
    if not isinstance(value, str) or not value:
        # TikTok answers 200 to a wrong code.
        raise BadKey(
            f"the platform's answer has no {field}",
            where=where,
            next_step="See that the app may have it, and that the owner agreed to every scope",
        )
    return value


def _page_token(listed: Mapping[str, Any], page: str, where: str) -> str:
    found = {str(one.get("id")): one for one in listed.get("data") or () if isinstance(one, dict)}
    if not page and len(found) == 1:
        [page] = found
    if page not in found:
        raise BadKey(
            f"the owner has the pages {', '.join(sorted(found)) or 'none'}",
            where=where,
            next_step="Run it again with --page and the number of one of them",
        )
    return _text(found[page], "access_token", where)
