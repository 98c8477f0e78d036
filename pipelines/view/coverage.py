"""How each site was read, as the data notes say it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pipelines.advice import Findings, site_name
from pipelines.locales import _, ngettext, whole
from pipelines.pdf import clean
from pipelines.reasons import reason_words
from pipelines.view.held import Held
from pipelines.wording import NONE, Row, of, sentence, written_day


@dataclass(frozen=True)
class CoverageRow:
    name: str
    nights: str
    full_list: str
    reviews: str
    posts: str
    platform_total: str
    set_aside: str
    vanished: str


def coverage_row(held: Held, site: str) -> CoverageRow:
    seen = held.coverage.get(site, {})
    removed = held.figure(site, "reviews_removed")
    vanished = None if removed and removed["state"] == "not_measured" else int(seen.get("vanished") or 0)
    last = seen.get("last_complete_night")
    total = seen.get("platform_total")
    expected = seen.get("nights_expected")
    return CoverageRow(
        name=clean(site_name(site), 40),
        nights=of(int(seen.get("nights_read") or 0), int(expected)) if expected else NONE,
        full_list=written_day(last) if last else _("never"),
        reviews=NONE if seen and not seen["has_reviews"] else whole(seen.get("held") or 0),
        posts=whole(seen.get("conversation_items") or 0),
        platform_total=NONE if total is None else whole(total),
        set_aside=whole(seen.get("set_aside") or 0),
        vanished=NONE if vanished is None else whole(vanished),
    )


def data_notes(held: Held, sites: Sequence[str], found: Findings) -> tuple[str, ...]:
    unread = {site.site for site in found.unread()}
    said = [_data_note(held.coverage.get(site, {}), site, found, was_read=site not in unread) for site in sites]
    notes = [note for note in said if note]
    notes += [note for site in sites if (note := _disagreeing(held, site))]
    if named := sorted({clean(str(row["attribution"]), 80) for row in held.coverage.values() if row["attribution"]}):
        notes.append(_("Sources, as their terms want them named: {names}.", names="; ".join(named)))
    return tuple(notes)


def _disagreeing(held: Held, site: str) -> str:
    """Return how many reviews say the opposite of their stars, which no figure of stars can show, or nothing."""
    row = held.figure(site, "stars_and_words_disagree")
    if row is None or not row["value"]:
        return ""
    return ngettext(
        "{site}: the words of {number}\u00a0review say the opposite of its stars.",
        "{site}: the words of {number}\u00a0reviews say the opposite of their stars.",
        int(row["value"]),
        site=clean(site_name(site), 40),
    )


def _data_note(seen: Row, site: str, found: Findings, *, was_read: bool) -> str:
    """Return what has to be said of how a site was read, or nothing."""
    name = clean(site_name(site), 40)
    if seen.get("left_out"):
        return _("{site}: not read, because no key for it was given. Ask us to connect it.", site=name)
    why = _why(str(seen.get("why") or ""))
    if not was_read:
        last = seen.get("last_read_night")
        if last:
            note = _("{site}: not read since {day}.", site=name, day=written_day(last))
        else:
            note = _("{site}: not read yet.", site=name)
        return f"{note} {why}" if why else note
    if why:
        return f"{name}: {why}"
    if seen and not seen.get("month_is_complete") and found.month_is_over:
        return _("{site}: no full list was read late enough to be sure that no review of the month is gone.", site=name)
    return ""


def _why(reason: str) -> str:
    """Return a reason as a sentence, or nothing where it repeats what a note says anyway."""
    if not reason or reason.startswith(("last read on", "never read", "the month is not over")):
        return ""
    return sentence(clean(reason_words(reason), 160))
