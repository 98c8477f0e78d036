"""Settings, read once from the environment (`RAPPORT_…`), where the command line also puts what `.env` says.

A key is JSON in `RAPPORT_KEY_<SOURCE>` (or `RAPPORT_KEY_<SOURCE>__<NAME>` for a practice with an account of
its own). Beside its own fields every key may hold `expires_on`, the day it ends. Under Airflow the DAGs copy
connections into these variables, so nothing here knows Airflow.
"""

from __future__ import annotations

import datetime as dt
import json
import os
import re
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from pipelines.errors import BadKey, BadSettings, NoKey

REPOSITORY = Path(__file__).resolve().parent.parent
# RFC 8058 asks for https; without the token nobody could be told from anybody.
_WITH_TOKEN = r"^(https://\S+\{token\}\S*)?$"  # noqa: S105, it is a pattern


class Settings(BaseSettings):
    """Every setting of Rapport. The environment variable is RAPPORT_ and the field's name in capitals."""

    model_config = SettingsConfigDict(env_prefix="RAPPORT_", extra="ignore", frozen=True)

    data_dir: Path = Field(REPOSITORY / "data", description="Where everything Rapport makes is kept")
    practices_file: Path = Field(REPOSITORY / "practices.toml", description="The practices and their exports")
    time_zone: str = Field("UTC", description="Whose calendar a scheduled night belongs to")
    addresses: dict[str, str] = Field(
        default_factory=dict,
        description="SOURCE.PURPOSE to an address that replaces the one its module names, for example a proxy's",
    )
    per_minute: dict[str, Annotated[float, Field(gt=0)]] = Field(
        default_factory=dict, description="Source name to requests a minute, if your plan has another pace"
    )
    calls_a_day: dict[str, int] = Field(
        default_factory=dict, description="Source name to requests a day of one key, if your plan has another quota"
    )
    dollars_a_month: dict[str, Decimal] = Field(
        default_factory=dict, description="Source name to the most its items may cost a month, in US dollars"
    )
    nhs_uk_key_header: str = Field("subscription-key", description="Its key's header; 'apikey' on the new portal")
    keep_derived_days: dict[str, int] = Field(
        default_factory=dict,
        description="Source name to days: keep features longer than its terms say. Your decision, logged as a warning",
    )
    terms_read: dict[str, dt.date] = Field(
        default_factory=dict,
        description="Source name to the day on which you read its terms where they stand; the doctor then stops asking",
    )
    smtp_host: str = Field("127.0.0.1", description="Mail server")
    smtp_port: int = Field(2525, description="Its port")
    smtp_user: str = Field("", description="Login, empty for none")
    smtp_tls: Literal["auto", "starttls", "implicit"] = Field(
        "auto",
        description="auto: TLS from the first byte on port 465, else STARTTLS, and none on this machine itself; "
        "starttls and implicit: that one everywhere",
    )
    smtp_ca: Path | None = Field(None, description="Certificates to trust instead of the system's, of a private CA")
    mail_from: str = Field("Rapport <reports@rapport.example>", description="Sender of the monthly mail")
    mail_reply_to: str = Field("", description="Where answers go; the sender if empty")
    unsubscribe_url: str = Field(
        "", pattern=_WITH_TOKEN, description="https address taking one-click unsubscribes, {token} is filled in"
    )
    report_url: str = Field(
        "", pattern=_WITH_TOKEN, description="https address at which linked reports are fetched, {token} is filled in"
    )
    link_days: int = Field(14, ge=1, le=90, description="Days after which a linked report can no longer be fetched")
    report_months: int = Field(
        25, ge=3, description="Months that reports are kept; the ledger and the reasons of corrections stay"
    )
    auto_release: bool = Field(
        False, description="Send a month without asking if every report passes every gate; the ledger says so"
    )
    alert_to: str = Field("", description="Who is told by mail when a box is red or a run is late, commas between")
    alert_notifiers: list[dict[str, str]] = Field(
        default_factory=list,
        description='Notifiers of Airflow beside: "class" and its arguments; {subject} and {text} are filled in',
    )
    peer_bands: bool = Field(
        False, description="Say where the middle half of eleven practices or more lies, if all of them agreed to it"
    )
    http_attempts: int = Field(4, ge=1, description="Tries of one request before the task gives up")
    workers: int = Field(2, ge=1, description="Processes that render at the same time")
    full_build_rows: int = Field(
        2_000_000,
        ge=0,
        description="Rows of features up to which every build makes everything; above, only the months a night touched",
    )


def load_settings() -> Settings:
    """Return the settings of this process. Raises BadSettings naming the variable that cannot work."""
    try:
        return Settings()
    except ValidationError as error:
        first = error.errors()[0]
        name = "RAPPORT_" + "_".join(str(part) for part in first["loc"]).upper()
        raise BadSettings(first["msg"], where=name, next_step="Correct it in the environment or in .env") from None


def key_variable(source: str, name: str = "") -> str:
    """Return the environment variable that holds a source's key."""
    parts = [re.sub(r"[^A-Z0-9]+", "_", part.upper()) for part in (source, name) if part]
    return f"RAPPORT_KEY_{'__'.join(parts)}"


def connection_name(source: str, name: str = "") -> str:
    """Return the name of Airflow's connection that holds a key."""
    return key_variable(source, name).removeprefix("RAPPORT_KEY_").lower()


def load_key(source: str, name: str, fields: tuple[str, ...], may_have: tuple[str, ...] = ()) -> dict[str, str]:
    """Return a source's key as a mapping that has all `fields`, and those of `may_have` that are given.

    Raises NoKey if there is none, BadKey naming what is missing, never a value.
    """
    variable = key_variable(source, name)
    wanted = ", ".join(fields)
    key = _held_key(variable, source, wanted)
    if key is None:
        raise NoKey(
            f"no key: {variable} is not set",
            where=source,
            next_step=f"Add an Airflow connection {variable.removeprefix('RAPPORT_KEY_').lower()} or set {variable} "
            f"to JSON with {wanted}",
        )
    missing = [field for field in fields if not isinstance(key.get(field), str) or not key[field]]
    if missing:
        raise BadKey(f"{variable} lacks {', '.join(missing)}", where=source, next_step=f"Set it to JSON with {wanted}")
    _ends_on(key, variable, source)
    return {field: str(key[field]) for field in (*fields, *may_have) if key.get(field)}


def key_expires_on(source: str, name: str) -> dt.date | None:
    """Return the day on which a key ends by what the operator wrote beside it (`expires_on`), or None.

    Raises BadKey if that is no day.
    """
    variable = key_variable(source, name)
    key = _held_key(variable, source, "the key")
    return _ends_on(key, variable, source) if key else None


def _held_key(variable: str, source: str, wanted: str) -> dict[str, object] | None:
    held = os.environ.get(variable, "")
    if not held:
        return None
    try:
        key = json.loads(held)
    except ValueError:
        key = None
    if not isinstance(key, dict):
        raise BadKey(f"{variable} is not JSON", where=source, next_step=f"Set it to JSON with {wanted}")
    return key


def _ends_on(key: dict[str, object], variable: str, source: str) -> dt.date | None:
    said = key.get("expires_on")
    if not said:
        return None
    try:
        return dt.datetime.strptime(str(said), "%Y-%m-%d").date()
    except ValueError:
        raise BadKey(
            f"expires_on in {variable} is not a day", where=source, next_step="Write it like 2027-05-31"
        ) from None
