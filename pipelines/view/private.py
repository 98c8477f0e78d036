"""Page 4: what is worth checking, what changed since the last report, and what became of its actions."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from pipelines.advice import Asked, Findings, Invitations, follow_up, site_name
from pipelines.locales import _, ngettext, whole
from pipelines.pdf import clean, https_only
from pipelines.periods import add_months
from pipelines.reasons import reason_words
from pipelines.view.held import Lookup, is_number
from pipelines.view.looks import SIGNS
from pipelines.wording import Row, decimal, listed, long_month, reviews, share, written_day

BECAME_WORDS = {"done": "Done", "not_yet": "Not yet", "cannot_tell": "Cannot tell"}

MOST_CHANGED_SITES = 2

MOST_CHANGED_LINKS = 2

MOST_BURSTS = 3

MOST_SIGNS = 3

# A single review that tells of a reward may have been misread.
FEWEST_REWARDED = 2

# What is worth checking touches a rule of the United States on reviews: its section, and what that asks for.
CHECK_RULES = {
    "alike": "16 CFR 255.2(d): everybody is asked for a review, and not the happy alone.",
    "content": "Rules of sites, Google\u2019s for one: nobody is told what a review should say.",
    "genuine": "16 CFR 465.2: a review tells what its writer went through.",
    "incentives": "16 CFR 465.4: nothing is given for praise.",
    "insiders": "16 CFR 465.5: whoever belongs to a practice says so.",
    "names": "Rules of sites, Google\u2019s for one: nobody is asked to name a person.",
    "threats": "16 CFR 465.7(a): nobody is threatened over a review.",
    "yelp": "Rules of Yelp: nobody is asked for a review.",
}

# What the practice's own words may ask for, by the part of their figure, and the rule that each touches: posts and
# comments, and replies to reviews, whose offers are told by their class.
OWN_POSTS = {
    "gating": "Posts and comments of yours in 90 days that seem to ask the happy alone for a review: {share}.",
    "reward": "Posts and comments of yours in 90 days that seem to offer something for a review: {share}.",
    "yelp": "Posts and comments of yours in 90 days that seem to ask for a review on Yelp: {share}.",
    "wording": (
        "Posts and comments of yours in 90 days that seem to ask for a name or a treatment in a review: {share}."
    ),
}
OWN_REPLIES = {
    "gating": "Replies of yours that seem to ask the happy alone for a review: {shares}.",
    "yelp": "Replies of yours that seem to ask for a review on Yelp: {shares}.",
    "wording": "Replies of yours that seem to ask for a name or a treatment in a review: {shares}.",
}
_RULE_OF_WORDS = {"gating": "alike", "reward": "incentives", "yelp": "yelp", "wording": "content"}

# What a site without stars asks instead of them.
RECOMMENDED = {"recommended": "recommended", "not_recommended": "not recommended"}

# Kind of change since the last report: of one review, and of several.
CHANGES = {
    "came late": (
        "{number}\u00a0review of an earlier month came late",
        "{number}\u00a0reviews of earlier months came late",
    ),
    "vanished": ("{number}\u00a0review is no longer visible", "{number}\u00a0reviews are no longer visible"),
    "came back": ("{number}\u00a0review is visible again", "{number}\u00a0reviews are visible again"),
    "other stars": ("{number}\u00a0review has other stars", "{number}\u00a0reviews have other stars"),
    "other words": ("{number}\u00a0review reads differently", "{number}\u00a0reviews read differently"),
    "answer came": (
        "{number}\u00a0earlier review has an answer now",
        "{number}\u00a0earlier reviews have an answer now",
    ),
    "answer gone": ("{number}\u00a0answer of yours is gone", "{number}\u00a0answers of yours are gone"),
    "answer rewritten": (
        "{number}\u00a0answer of yours reads differently",
        "{number}\u00a0answers of yours read differently",
    ),
}

# How it is known that a review is gone: of one, and of several.
SURE = {
    "announced": ("{number}\u00a0by the site\u2019s own word", "{number}\u00a0by the site\u2019s own word"),
    "confirmed": (
        "{number}\u00a0missing from three full lists or more",
        "{number}\u00a0missing from three full lists or more",
    ),
    "not confirmed yet": (
        "{number}\u00a0missing from one or two full lists so far",
        "{number}\u00a0missing from one or two full lists so far",
    ),
}

# Links lead to what an owner has not seen yet, and to nothing that is gone.
_LINKED = ("came late", "came back", "other stars")

_NOT_KNOWN = ("what was known then is no longer kept", "not read since the last report")


@dataclass(frozen=True)
class FollowUp:
    """One action of the last report, and what became of it."""

    what: str
    word: str
    seen: str


@dataclass(frozen=True)
class Check:
    """What is worth checking: the section of a rule, and what was seen that touches it."""

    rule: str
    seen: str


@dataclass(frozen=True)
class SiteChanges:
    """What one site's last report was made of and is otherwise now; `since` is the day it was known as it was told."""

    site: str
    since: str
    words: str
    links: tuple[str, ...]


def followed_up(asked: Asked, found: Findings) -> FollowUp:
    became = follow_up(asked, found)
    return FollowUp(clean(asked.what), _(BECAME_WORDS[became.state]), became.seen)


def instead_of_follow_up(month: dt.date, asked: Sequence[Asked] | None) -> str:
    before = long_month(add_months(month, -1))
    if asked is None:
        return _("There is no report of {month} to follow up.", month=before)
    return "" if asked else _("The report of {month} asked for nothing.", month=before)


def checks(
    bursts: Sequence[Row], looks: Sequence[Row], figure: Lookup, sites: Sequence[str]
) -> tuple[tuple[Check, ...], int]:
    """Return what is worth checking by the rule that it touches, and how many signs are left to the attached figures.

    What it was is not said, because it is not known. Beside an unusual week there is no room for what else the
    practice's posts and the reviews tell, and in other months for three signs of it.
    """
    repeated = _shares_by_site(figure, sites, "repeated_texts")
    seen = [f"{_name(row['site'])}: {_burst_note(row, figure)}" for row in bursts[:MOST_BURSTS]]
    if bursts:
        seen += _more_weeks(len(bursts) - MOST_BURSTS)
        seen.append(_("Such a week may be an event, a news story, an invitation you sent, or an attack."))
    if repeated:
        seen.append(
            _("Reviews of five words or more with the words of another account\u2019s: {shares}.", shares=repeated)
        )
    said: dict[str, list[str]] = {"genuine": seen, "threats": [], "incentives": [], "alike": [], "yelp": []}
    said |= {"content": [], "insiders": [], "names": []}
    for sign, rule in (("N1", "threats"), ("N2", "incentives")):
        number = sum(row["kind"] == "reply" and sign in row["classes"] for row in looks)
        if number:
            replies = ngettext(
                "{number}\u00a0reply of yours has signs of {what}.",
                "{number}\u00a0replies of yours have signs of {what}.",
                number,
                what=_(SIGNS[sign]),
            )
            said[rule].append(replies)
    signs = [*_signs_of_own_words(figure, sites), *_signs_of_reviews(figure, sites)]
    room = 0 if bursts else MOST_SIGNS
    for rule, line in signs[:room]:
        said[rule].append(line)
    shown = tuple(Check(_(CHECK_RULES[rule]), " ".join(lines)) for rule, lines in said.items() if lines)
    return shown, len(signs[room:])


def invitations_found(figure: Lookup) -> Invitations:
    """Return what the rule on the practice's own posts and comments looks at."""
    told = _asked_by_part(figure)
    return Invitations(
        posts=max((int(row["sample_size"]) for row in told.values()), default=0),
        checked=told.keys() == OWN_POSTS.keys(),
        **{part: int(row["value"]) for part, row in told.items()},
    )


def _asked_by_part(figure: Lookup) -> dict[str, Row]:
    rows = {part: figure("", "review_invitations", part=part) for part in OWN_POSTS}
    return {part: row for part, row in rows.items() if row and is_number(row)}


def _signs_of_own_words(figure: Lookup, sites: Sequence[str]) -> list[tuple[str, str]]:
    """Return the rules that the practice's own posts, comments and replies touch by how they ask for reviews."""
    said = [
        (_RULE_OF_WORDS[part], _(OWN_POSTS[part], share=share(int(row["value"]), int(row["sample_size"]))))
        for part, row in _asked_by_part(figure).items()
        if row["value"]
    ]
    for part, words in OWN_REPLIES.items():
        shares = _shares_by_site(figure, sites, "integrity_signs", part)
        said += [(_RULE_OF_WORDS[part], _(words, shares=shares))] if shares else []
    return said


def _signs_of_reviews(figure: Lookup, sites: Sequence[str]) -> list[tuple[str, str]]:
    """Return the rules that the month's reviews touch by what they tell, by whom they are and whom they name."""
    rewarded = _shares_by_site(figure, sites, "integrity_signs", "incentive in reviews", FEWEST_REWARDED)
    insiders = _shares_by_site(figure, sites, "integrity_signs", "own people")
    named = _shares_by_site(figure, sites, "integrity_signs", "staff named")
    alone = _shares_by_site(figure, sites, "integrity_signs", "accounts of one review")
    signs = []
    if rewarded:
        signs.append(("incentives", _("Reviews that tell of something given for them: {shares}.", shares=rewarded)))
    if insiders:
        words = _("Reviews by accounts that you listed as your people\u2019s: {shares}.", shares=insiders)
        signs.append(("insiders", words))
    if named:
        words = _(
            "Reviews that name somebody of your staff, clearly more than in the twelve months before: {shares}. "
            "People may do so unasked.",
            shares=named,
        )
        signs.append(("names", words))
    if alone:
        words = _(
            "Reviews by accounts that have written nothing else, clearly more than in the twelve months before: "
            "{shares}. An invitation you sent may be why.",
            shares=alone,
        )
        signs.append(("genuine", words))
    return signs


def more_checks(number: int) -> str:
    if number <= 0:
        return ""
    return ngettext(
        "{number}\u00a0more sign in the attached figures", "{number}\u00a0more signs in the attached figures", number
    )


def more_changed(number: int) -> str:
    return ngettext("And {number} more site", "And {number} more sites", number) if number > 0 else ""


def _shares_by_site(figure: Lookup, sites: Sequence[str], metric: str, part: str = "", fewest: int = 1) -> str:
    """Return of how many reviews of each site something was counted; nothing of sites with fewer than `fewest`."""
    counted = {site: figure(site, metric, part=part) for site in sites}
    return listed(
        _("{share} on {site}", share=share(int(row["value"]), int(row["sample_size"])), site=_name(site))
        for site, row in counted.items()
        if row and is_number(row) and row["value"] >= fewest
    )


def _name(site: str) -> str:
    return clean(site_name(site), 40)


def _more_weeks(number: int) -> list[str]:
    if number <= 0:
        return []
    return [ngettext("And {number}\u00a0more such week.", "And {number}\u00a0more such weeks.", number)]


def _burst_note(row: Row, figure: Lookup) -> str:
    is_cluster = row["verdict"] == "unusual cluster"
    sentences = [
        _("{number} reviews in the week of {day}, an unusual cluster after {before} in 12 weeks.", **_week(row))
        if is_cluster
        else _("{number} reviews in the week of {day}, an unusual number after {before} in 12 weeks.", **_week(row))
    ]
    if is_cluster:
        low = row["leaning"] == "low"
        part = share(int(row["low_rated" if low else "best_rated"]), int(row["rated"]))
        sentences.append(
            _("{share} gave one or two stars.", share=part) if low else _("{share} gave five stars.", share=part)
        )
        mean = figure(row["site"], "mean_stars", part="without the cluster")
        if is_number(mean) and mean:
            without = decimal(mean["value"])
            sentences.append(_("Without the cluster the month\u2019s mean is {mean}.", mean=without))
        else:
            sentences.append(_("Without the cluster too few reviews are left for a mean."))
    return " ".join(sentences)


def _week(row: Row) -> dict[str, str]:
    return {
        "number": whole(int(row["reviews"])),
        "day": written_day(row["week"]),
        "before": whole(sum(int(number) for number in row["weeks_before"])),
    }


def since_last_report(changes: Sequence[Row], figures: Sequence[Row], month_before: str) -> tuple[SiteChanges, ...]:
    """Return a line for each site of which something changed, or of which that cannot be known any more."""
    found = []
    for site in sorted({str(row["site"]) for row in [*changes, *figures]}, key=site_name):
        own = [row for row in changes if row["site"] == site]
        told = {change: [row for row in own if row["change"] == change and row["number"]] for change in CHANGES}
        said = [_change_words(change, rows) for change, rows in told.items() if rows]
        read_now = [_reads_now(row) for row in figures if row["site"] == site and row["metric"] != "low_share"]
        reasons = sorted({str(row["reason"]) for row in own} & set(_NOT_KNOWN))
        sentences = [f"{listed(said)}."] if said else []
        sentences += [_("{month} now has {figures}.", month=month_before, figures=listed(read_now))] if read_now else []
        sentences = sentences or [_("Not known: {reason}.", reason=reason_words(reason)) for reason in reasons]
        if not sentences:
            continue
        since = [row["since"] for row in [*own, *(row for row in figures if row["site"] == site)] if row["since"]]
        urls = [https_only(url) for change in _LINKED for row in told[change] for url in row["urls"]]
        found.append(
            SiteChanges(
                site=clean(site_name(site), 40),
                since=written_day(min(since)) if since else "",
                words=" ".join(sentences),
                links=tuple(url for url in urls if url)[:MOST_CHANGED_LINKS],
            )
        )
    return tuple(found)


def _change_words(change: str, rows: Sequence[Row]) -> str:
    number = sum(int(row["number"]) for row in rows)
    if change == "vanished":
        return f"{ngettext(*CHANGES[change], number)} ({_how_sure(rows, number)})"
    if change != "other stars" or number > 1:
        return ngettext(*CHANGES[change], number)
    was, now = (_stars(rows[0][name][0]) for name in ("stars_were", "stars_are"))
    return _("{number}\u00a0review has other stars, {now} instead of {was}", number=whole(1), now=now, was=was)


def _how_sure(rows: Sequence[Row], number: int) -> str:
    """Return how it is known of reviews that they are gone. Who took one down is known only if the site says so."""
    announced, confirmed = (sum(int(row[name]) for row in rows) for name in ("announced", "confirmed"))
    counts = {"announced": announced, "confirmed": confirmed - announced, "not confirmed yet": number - confirmed}
    known = listed([ngettext(*SURE[how], count) for how, count in counts.items() if count])
    if announced == number:
        return known
    return ngettext(
        "{known}; who removed it is not known",
        "{known}; who removed them is not known",
        number - announced,
        known=known,
    )


def _stars(told: str | None) -> str:
    """Return what stood there of stars: a number, yes or no in place of them, or nothing."""
    if not told:
        return _("none")
    return _(RECOMMENDED[told]) if told in RECOMMENDED else told


def _reads_now(row: Row) -> str:
    """Return a figure of the month before as it reads now and as it was told."""
    now, was = (_figure_words(row, when) for when in ("now", "was"))
    return _("{now} (told: {was})", now=now, was=was)


def _figure_words(row: Row, when: str) -> str:
    state, size, value = row[f"state_{when}"], int(row[f"size_{when}"]), row[when]
    if state == "not_measured":
        if row["metric"] == "reviews_received":
            return _("a number of reviews that was not measured")
        return _("not measured")
    if row["metric"] == "reviews_received":
        return reviews(size)
    return _("too few stars for a mean") if state == "too_few" else _("a mean of {mean} stars", mean=decimal(value))
