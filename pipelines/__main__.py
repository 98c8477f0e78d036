"""The command line: each verb as a command, usable without Airflow.

An error a person can act on is one paragraph on stderr and exit code 1; a traceback means a bug of ours.
"""

from __future__ import annotations

import datetime as dt
import json
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import click
import msgspec
from dotenv import load_dotenv
from rich.console import Console
from rich.table import Table

from pipelines.errors import RapportError
from pipelines.landing import DataDir
from pipelines.periods import parse_month, parse_night
from pipelines.practices import Practices, load_practices
from pipelines.settings import REPOSITORY, Settings, load_settings


class _Group(click.Group):
    """Turns our errors into a sentence and an exit code."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except RapportError as error:
            click.echo(f"rapport: {error}", err=True)
            ctx.exit(1)


def _example(text: str) -> str:
    return f"Example: {text}"


def _say(line: str) -> None:
    """Progress: dimmed on a terminal, plain lines in a log, always on stderr so that results can be piped."""
    if sys.stderr.isatty():
        Console(stderr=True, highlight=False).print(line, style="dim" if line.startswith("  ") else "", markup=False)
    else:
        click.echo(line, err=True)


def _open() -> tuple[Practices, DataDir, Settings]:
    settings = load_settings()
    return load_practices(settings.practices_file), DataDir(settings.data_dir), settings


def _now() -> dt.datetime:
    return dt.datetime.now(ZoneInfo(load_settings().time_zone))


def _table(rows: Iterable[Any], columns: tuple[str, ...], as_json: bool) -> None:
    """Print structs or mappings as a table, or as JSON lines."""
    plain = [row if isinstance(row, dict) else msgspec.structs.asdict(row) for row in rows]
    if as_json:
        for row in plain:
            click.echo(json.dumps(row, default=str, ensure_ascii=False))
        return
    shown = Table(box=None, pad_edge=False)
    for column in columns:
        shown.add_column(column.replace("_", " "), overflow="fold")
    for row in plain:
        shown.add_row(*("" if row[c] is None else str(row[c]) for c in columns))
    width = None if sys.stdout.isatty() else 200
    Console(highlight=False, width=width, markup=False).print(shown)


_JSON = click.option("--json", "as_json", is_flag=True, help="Print JSON lines instead of a table.")


@click.group(
    cls=_Group,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100, "terminal_width": 100},
)
@click.version_option(package_name="rapport")
def rapport() -> None:
    """Pull reviews every night, and send each practice a monthly PDF about its reputation.

    The verbs meet in the data directory (RAPPORT_DATA_DIR), in this order: fetch, read, score, build, render,
    send. Running one twice changes nothing.
    """


@rapport.command(epilog=_example("rapport fetch google_business 2026-11-01"))
@click.argument("source")
@click.argument("night")
@click.option("--practice", "only", help="Pull this practice (for owner_export: this file's label) only.")
def fetch(source: str, night: str, only: str | None) -> None:
    """Pull one SOURCE for one NIGHT and keep every response as received."""
    from pipelines.fetch import fetch as pull

    practices, data, settings = _open()
    pull(source, parse_night(night), practices, data, settings, only=only, say=_say)


@rapport.command(epilog=_example("rapport read google_business --page saved.json"))
@click.argument("source")
@click.argument("night", required=False)
@click.option("--page", type=click.Path(path_type=Path), help="Print the records of one saved response as JSON lines.")
def read(source: str, night: str | None, page: Path | None) -> None:
    """Turn the pages of one SOURCE and NIGHT into records; or look into one saved response."""
    from pipelines.read import read as read_pages
    from pipelines.read import read_one_page

    if (night is None) == (page is None):
        raise click.UsageError("Give either a NIGHT or --page FILE.")
    if page is not None:
        settings = load_settings()
        practices = load_practices(settings.practices_file) if settings.practices_file.is_file() else Practices()
        for item in read_one_page(source, page, practices):
            kind = {} if hasattr(item, "kind") else {"kind": "set_aside"}
            click.echo(json.dumps({**kind, **msgspec.to_builtins(item)}, ensure_ascii=False))
        return
    practices, data, _ = _open()
    read_pages(source, parse_night(str(night)), practices, data, say=_say)


@rapport.command(epilog=_example("rapport score google_business 2026-11-01"))
@click.argument("source", required=False)
@click.argument("night", required=False)
@click.option("--jsonl", is_flag=True, help="Read {id, kind, text} lines from standard input, print their features.")
@click.option("--explain", is_flag=True, help="Read one text from standard input, print each judgement with evidence.")
@click.option("--kind", type=click.Choice(["review", "comment", "post", "reply"]), default="review", show_default=True)
def score(source: str | None, night: str | None, jsonl: bool, explain: bool, kind: str) -> None:
    """Turn the records of one SOURCE and NIGHT into features without text or names."""
    from pipelines.score import explain_text, score_lines
    from pipelines.score import score as score_records

    if explain:
        for line in explain_text(sys.stdin.buffer.read().decode("utf-8", "replace"), kind):
            click.echo(line)
        return
    if jsonl:
        for features in score_lines(sys.stdin.buffer):
            click.echo(json.dumps(features, ensure_ascii=False))
        return
    if source is None or night is None:
        raise click.UsageError("Give SOURCE and NIGHT, --jsonl, or --explain.")
    practices, data, _ = _open()
    score_records(source, parse_night(night), practices, data, say=_say)


@rapport.command(epilog=_example("rapport build"))
@click.option("--night", help="Use only what was known on this night. Default: everything.")
@_JSON
def build(night: str | None, as_json: bool) -> None:
    """Build the warehouse beside the old one, check it, and put it in its place."""
    from pipelines.build import build as build_warehouse

    practices, data, settings = _open()
    of_night = parse_night(night) if night else None
    result = build_warehouse(data, practices, of_night, _say, full_up_to_rows=settings.full_build_rows)
    _table([result], tuple(result.__struct_fields__), as_json)


@rapport.command(epilog=_example("rapport render 2026-10 --practice riverside-dental"))
@click.argument("month")
@click.option("--practice", "only", multiple=True, help="Render this practice only; may be given again.")
@click.option("--restate", help="Make a new version that tells its reader this sentence: what was changed.")
@_JSON
def render(month: str, only: tuple[str, ...], restate: str | None, as_json: bool) -> None:
    """Make a PDF and a manifest a practice for one MONTH."""
    from pipelines.render import render as render_reports
    from pipelines.restate import restate as begin_version

    practices, data, settings = _open()
    if restate is not None:
        if not only:
            raise click.UsageError("Say with --practice whose report is restated.")
        for name in only:
            begin_version(data, parse_month(month), practices.get(name).id, restate)
    made = render_reports(
        data, practices, parse_month(month), workers=settings.workers, practice_ids=list(only) or None, say=_say
    )
    _table(made, tuple(made[0].__struct_fields__) if made else (), as_json)


@rapport.command(epilog=_example("rapport send 2026-10 --list --state uncertain"))
@click.argument("month")
@click.option("--practice", "only", multiple=True, help="Send to this practice only; may be given again.")
@click.option("--again", is_flag=True, help="Repeat mails that are uncertain or came back.")
@click.option("--restate", is_flag=True, help="Send a restated report to those who have an earlier version, too.")
@click.option("--approved-by", "person", help="Who looked at the PDFs as they are now; kept in the ledger.")
@click.option("--why", default="", help="With --approved-by: why they may go out. No patient's words.")
@click.option("--list", "listed", is_flag=True, help="Send nothing; print the ledger of this month.")
@click.option(
    "--state", help="With --list: only rows in this state (planned, sending, sent, failed, uncertain, bounced)."
)
@_JSON
def send(
    month: str,
    only: tuple[str, ...],
    again: bool,
    restate: bool,
    person: str | None,
    why: str,
    listed: bool,
    state: str | None,
    as_json: bool,
) -> None:
    """Mail the approved PDFs of one MONTH to the practices' recipients, each once.

    A PDF goes out if it was approved as it is: by the answer to the DAG monthly or restate, or here by --approved-by,
    which stands for every report that passes the gates, or for those that --practice names.
    What is known to be sent is never sent twice. A corrected report is made by `rapport render --restate` and goes to
    those who have an earlier version only with --restate.
    """
    from pipelines.decisions import Decisions
    from pipelines.ledger import Ledger
    from pipelines.release import decide_by_name
    from pipelines.send import send as send_reports

    practices, data, settings = _open()
    first = parse_month(month)
    if listed:
        held = Ledger(data.ledger).rows(month)
        wanted = [r for r in held if state in (None, r.state) and (not only or r.practice_id in only)]
        _table(wanted, ("practice_id", "recipient", "version", "state", "changed_at", "why"), as_json)
        return
    now = _now()
    chosen = list(only) or None
    if person is not None:
        Decisions(data.ledger).add(decide_by_name(first, practices.practice, data, person, why, now, only))
    sent = send_reports(first, practices, data, settings, now, only=chosen, again=again, restate=restate, say=_say)
    _table(sent, ("practice_id", "recipient", "state", "why"), as_json)


@rapport.command(epilog=_example("rapport unsubscribes --undo olga@oak.example --practice oak --why asked-by-phone"))
@click.option("--practice", "only", help="Of this practice only.")
@click.option("--undo", "recipient", help="Let this address have the practice's mail again.")
@click.option("--why", help="Who asked for it and how; kept beside the stop.")
@_JSON
def unsubscribes(only: str | None, recipient: str | None, why: str | None, as_json: bool) -> None:
    """List who gets no more mail, because they unsubscribed or their mail came back; or undo that."""
    from pipelines.errors import UnknownName
    from pipelines.ledger import Ledger

    data = DataDir(load_settings().data_dir)
    ledger = Ledger(data.ledger)
    if recipient is not None:
        if not only or not (why or "").strip():
            raise click.UsageError("Say with --practice whose mail it is, and with --why who asked for it.")
        if not ledger.undo(only, recipient, str(why).strip(), _now().isoformat(timespec="seconds")):
            raise UnknownName("this address is not stopped", where=only, next_step="See `rapport unsubscribes`")
    stops = [stop for stop in ledger.stops() if only in (None, stop.practice_id)]
    _table(stops, ("practice_id", "recipient", "kind", "since", "why", "undone_at", "undone_why"), as_json)


@rapport.command(epilog=_example("rapport bounces"))
@_JSON
def bounces(as_json: bool) -> None:
    """Read the mails that came back, stop their recipients, and print what is new."""
    from pipelines.bounces import read_bounces
    from pipelines.ledger import Ledger

    data = DataDir(load_settings().data_dir)
    found = read_bounces(data, Ledger(data.ledger), _now().isoformat(timespec="seconds"))
    for unread in found.unread:
        _say(f"  not read: {unread}")
    _table(found.bounced, ("practice_id", "month", "version", "recipient", "state"), as_json)


@rapport.command(epilog=_example("rapport explain riverside-dental 2026-10 mean_stars --site google"))
@click.argument("practice")
@click.argument("month")
@click.argument("metric")
@click.option("--site", help="Limit to one site.")
@_JSON
def explain(practice: str, month: str, metric: str, site: str | None, as_json: bool) -> None:
    """Trace one figure of a report to its definition, its SQL, its rows and its pages."""
    from pipelines.explain import explain as trace

    data = DataDir(load_settings().data_dir)
    found = trace(data, practice, parse_month(month), metric, site)
    click.echo(json.dumps(found.as_dict(), default=str, ensure_ascii=False) if as_json else str(found))


@rapport.command(epilog=_example("rapport forget --source google_business --item AbFvOqk1 --practice riverside-dental"))
@click.option("--source", help="The source it was read from.")
@click.option("--item", help="The item's id as `rapport explain` lists it, or its link.")
@click.option("--author-key", help="Everything by this pseudonym, as the warehouse has it in core.items.")
@click.option("--practice", "only", help="Of this practice only.")
@_JSON
def forget(source: str | None, item: str | None, author_key: str | None, only: str | None, as_json: bool) -> None:
    """Remove an item, or everything by an author, from wherever it is kept, and never read it again.

    Give --source and --item, or --author-key. What answers an item goes with it. The warehouse is built anew, and
    reports that were not sent are made again and wait for their approval; those that were sent hold no words and no
    names of anybody who wrote, and stay. Killed, it finishes when it is run again.

    It prints how much was removed from each place. Exit code 0: nothing of it is left; 1: something stands in the
    way, which is said; 2: the options cannot be.
    """
    from pipelines.forget import Wanted
    from pipelines.forget import forget as remove

    if (bool(source) and bool(item)) == bool(author_key) or bool(source) != bool(item):
        raise click.UsageError("Give either --source and --item, or --author-key.")
    practices, data, settings = _open()
    wanted = Wanted(source=source or "", item=item or "", author_key=author_key or "", practice_id=only or "")
    removed = remove(wanted, practices, data, settings, _now().date(), say=_say)
    _table([one for one in removed if one.removed], ("place", "removed"), as_json)


@rapport.command(epilog=_example("rapport peers 2026-10"))
@click.argument("month")
@_JSON
def peers(month: str, as_json: bool) -> None:
    """Print between which values the middle half of the practices lie, if RAPPORT_PEER_BANDS allows it."""
    from pipelines.peers import bands

    settings = load_settings()
    found = bands(DataDir(settings.data_dir), parse_month(month), on=settings.peer_bands)
    _table(found, ("site", "metric", "practices", "low", "high", "as_of_night", "rule"), as_json)


@rapport.command(epilog=_example("rapport doctor --only source"))
@click.option("--only", help="Only checks whose name contains this.")
@_JSON
def doctor(only: str | None, as_json: bool) -> None:
    """Check versions, libraries, fonts, data directory, settings, mail and keys, and say how to mend them."""
    from pipelines.doctor import examine

    findings = examine(dt.date.today(), only)
    _table(findings, ("check", "state", "said", "mend"), as_json)
    if any(finding.state == "bad" for finding in findings):
        sys.exit(1)


@rapport.command(epilog=_example("rapport connect google_business --key elm"))
@click.argument("source")
@click.option("--key", "name", default="", help="The key's name, for a practice with an account of its own.")
@click.option("--server", default="", help="For mastodon: the account's server, https://…")
@click.option("--page", default="", help="For facebook: the page's number, if the owner has several.")
@click.option("--port", default=8765, show_default=True, help="Of the redirect to this machine, as the app knows it.")
@click.option(
    "--redirect", default="", help="An https address that the app knows, where it may know none of this machine."
)
@click.option(
    "--store", "stored", is_flag=True, help="Write the key into Airflow's connection and print nothing of it."
)
def connect(source: str, name: str, server: str, page: str, port: int, redirect: str, stored: bool) -> None:
    """Walk an account's owner through a platform's consent and make the key of a SOURCE.

    It asks for the app's id and secret, prints an address to open in a browser on this machine, waits for the answer
    at 127.0.0.1, and prints the line for .env. Nothing is kept unless --store is given. With --redirect the browser may
    be anywhere, and ends at that address, where nothing needs to be: you are asked for the whole of it.
    """
    from pipelines import connect as connecting

    flow = connecting.flow_of(source, server)
    client_id = click.prompt("The app's id", err=True)
    client_secret = click.prompt("The app's secret", hide_input=True, err=True)
    key = connecting.connect(
        source,
        flow,
        client_id,
        client_secret,
        port=port,
        redirect=redirect,
        page=page,
        say=_say,
        ask=lambda question: str(click.prompt(question, hide_input=True, err=True)),
    )
    if stored:
        _say(f"The connection {connecting.store(source, name, key, load_settings().data_dir)} holds the key")
    else:
        click.echo(connecting.key_line(source, name, key))
    _say(f"Try it: rapport doctor --only {source}")


@rapport.group(epilog=_example("rapport practices check oak-street-dental"))
def practices() -> None:
    """Add practices to practices.toml, check them, or import many from a CSV file."""


@practices.command("add", epilog=_example("rapport practices add oak --name 'Oak Dental' --set time_zone=Europe/Paris"))
@click.argument("practice_id")
@click.option("--name", required=True, help="As its owner writes it.")
@click.option("--set", "fields", multiple=True, help="FIELD=VALUE, as google_business.location=…; may be given again.")
def add_practice(practice_id: str, name: str, fields: tuple[str, ...]) -> None:
    """Append one practice to practices.toml; what stands there stays as it is."""
    from pipelines.enrol import add_practices, from_fields

    if wrong := [field for field in fields if "=" not in field]:
        raise click.UsageError(f"--set takes FIELD=VALUE, not {wrong[0]}.")
    given = from_fields({"id": practice_id, "name": name, **dict(field.split("=", 1) for field in fields)})
    path = load_settings().practices_file
    add_practices(path, [given])
    _say(f"{practice_id} stands in {path.name}; next: rapport practices check {practice_id}")


@practices.command("check", epilog=_example("rapport practices check oak-street-dental"))
@click.argument("practice_id", required=False)
@_JSON
def check_practices(practice_id: str | None, as_json: bool) -> None:
    """Try every listing and key of one practice, or of all, changing nothing."""
    from pipelines.doctor import examine_practice

    held, data, settings = _open()
    chosen = [held.get(practice_id)] if practice_id else held.practice
    found = [
        {"practice": one.id, **msgspec.structs.asdict(finding)}
        for one in chosen
        for finding in examine_practice(one.id, held, data, settings)
    ]
    _table(found, ("practice", "check", "state", "said", "mend"), as_json)
    if any(finding["state"] == "bad" for finding in found):
        sys.exit(1)


@practices.command("import", epilog=_example("rapport practices import practices.csv"))
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
def import_practices(file: Path) -> None:
    """Append the practices of a CSV file, all of them or none; each wrong line is named."""
    from pipelines.enrol import import_practices as take

    ids = take(load_settings().practices_file, file.read_bytes())
    _say(f"{len(ids)} practices were added: {', '.join(ids[:10])}{'…' if len(ids) > 10 else ''}")


@rapport.command(epilog=_example("rapport demo --keep-running"))
@click.option("--keep-running", is_flag=True, help="Leave the Airflow UI running afterwards, until Ctrl-C.")
def demo(keep_running: bool) -> None:
    """Run the whole main job through Airflow on an invented town, with local servers and a local mailbox."""
    from pipelines.demo.run import run_demo
    from pipelines.demo.stage import end_on_sigterm

    end_on_sigterm()
    run_demo(load_settings().data_dir, keep_running=keep_running, say=_say)


@rapport.command(epilog=_example("rapport up"))
@click.option("--port", default=8090, show_default=True, help="Where the Airflow UI listens, on this machine only.")
def up(port: int) -> None:
    """Start Airflow on this machine with the DAGs, print a login, and run until Ctrl-C."""
    from pipelines.demo.run import run_up

    run_up(load_settings(), port, say=_say)


def main() -> None:
    # Variables that are set already win over the file.
    load_dotenv(REPOSITORY / ".env")
    rapport(prog_name="rapport")


if __name__ == "__main__":
    main()
