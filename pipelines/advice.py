"""What a report may say and suggest: fixed sentences and fixed actions, chosen by rules over the month's findings.

Nothing here is composed freely: an action is printed by its id with numbers filled in, and a test holds every text
against the wordings that review platforms and regulators forbid. Finding nothing to do is a good report.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Literal

from pipelines.locales import _, ngettext, whole
from pipelines.periods import last_day
from pipelines.wording import days, decimal, listed, long_month, of, reviews, written_day

MOST_ACTIONS = 3
# Sites whose rules allow asking every patient for a review. Others are never named in an invitation.
_INVITING_ALLOWED = frozenset({"google", "healthgrades"})
_SITE_NAMES = {
    "google": "Google",
    "google_business": "Google",
    "healthgrades": "Healthgrades",
    "yelp": "Yelp",
    "facebook": "Facebook",
    "webmd": "WebMD",
    "ratemds": "RateMDs",
    "zocdoc": "Zocdoc",
    "trustpilot": "Trustpilot",
    "nhs_uk": "NHS.uk",
    "care_opinion": "Care Opinion",
    "vitals": "Vitals",
    "linkedin": "LinkedIn",
    "tiktok": "TikTok",
    "youtube": "YouTube",
}
# Kinds of own words that may give something away.
_REPLIES, _COMMENTS = "replies", "comments"
# Places without a name of their own, which are told by what they are.
PLACE_WORDS = {"survey": "Patient survey", "feeds": "Blogs and news"}


def site_name(site: str) -> str:
    """Return how a site is written for people; an unknown one is its id with spaces and a capital."""
    if site in PLACE_WORDS:
        return _(PLACE_WORDS[site])
    return _SITE_NAMES.get(site, site.replace("_", " ").strip().capitalize()) or _("Unnamed site")


@dataclass(frozen=True)
class Change:
    """One verdict of the warehouse: this month against the month before. Values are stars, shares or counts."""

    verdict: str
    now: float | None
    before: float | None
    now_size: int
    before_size: int


@dataclass(frozen=True)
class SiteFindings:
    """What is known of one site in the month of the report."""

    site: str
    name: str
    is_export: bool
    is_sample: bool
    reviews: int | None
    reviews_in_three_months: int | None
    changes: Mapping[str, Change] = field(default_factory=dict)
    answered: int = 0
    answerable: int = 0
    answered_month: dt.date | None = None
    removed: int = 0
    nights_read: int = 0
    nights_expected: int = 0
    last_read: dt.date | None = None
    month_is_complete: bool = True
    # Nobody has given a key for it yet: the operator's matter, not the owner's.
    left_out: bool = False

    def verdict(self, metric: str) -> str:
        change = self.changes.get(metric)
        return change.verdict if change else "not_measured"


@dataclass(frozen=True)
class Waiting:
    """Low reviews without an answer: how many, the longest wait, and a link to the first of the list.

    `keys` stands for all of them and `listed` for those the report prints, both as digests: no id is kept with them.
    """

    reviews: int = 0
    longest_days: int = 0
    url: str | None = None
    keys: frozenset[str] = frozenset()
    listed: tuple[str, ...] = ()


@dataclass(frozen=True)
class Alerts:
    """How many texts need a person's eyes: numbers, never words. Grave ones are found more surely.

    Comments are the practice's own that may give something away. `comments_past` are grave ones that the report of the
    month before counted and that are too old by now to be seen to be gone.
    """

    harm: int = 0
    unfair: int = 0
    privacy: int = 0
    replies_grave: int = 0
    replies_possible: int = 0
    comments_grave: int = 0
    comments_possible: int = 0
    comments_past: int = 0
    checked: bool = True
    replies_checked: bool = True

    @property
    def raised(self) -> int:
        return self.harm + self.unfair + self.privacy

    @property
    def replies(self) -> int:
        return self.replies_grave + self.replies_possible

    @property
    def comments(self) -> int:
        return self.comments_grave + self.comments_possible

    @property
    def grave(self) -> int:
        return self.replies_grave + self.comments_grave

    @property
    def number(self) -> int:
        return self.raised + self.replies + self.comments


@dataclass(frozen=True)
class Talk:
    """Conversation of 90 days: public questions and complaints, those answered, posts that help, and posts."""

    asked: int = 0
    answered: int = 0
    helpful: int = 0
    posts: int = 0
    measured: bool = False


@dataclass(frozen=True)
class Invitations:
    """How own posts and comments of 90 days ask for reviews: how many were checked, and signs in them by kind."""

    posts: int = 0
    gating: int = 0
    reward: int = 0
    yelp: int = 0
    wording: int = 0
    checked: bool = False

    @property
    def signs(self) -> int:
        return self.gating + self.reward + self.yelp + self.wording


@dataclass(frozen=True)
class Findings:
    """Everything the rules below may look at."""

    month: dt.date
    as_of_night: dt.date
    sites: tuple[SiteFindings, ...]
    waiting: Waiting
    alerts: Alerts = Alerts()
    talk: Talk = Talk()
    invitations: Invitations = Invitations()

    @property
    def month_is_over(self) -> bool:
        return self.as_of_night > last_day(self.month)

    def unread(self) -> list[SiteFindings]:
        """Return the sites that were not read after the month's end, or on fewer than half of its nights."""
        connected = [site for site in self.sites if not site.left_out]
        if not self.month_is_over:
            return [site for site in connected if not site.nights_read]
        end = last_day(self.month)
        return [
            site
            for site in connected
            if site.last_read is None or site.last_read <= end or site.nights_read * 2 < site.nights_expected
        ]

    def where(self, metric: str, verdict: str) -> list[SiteFindings]:
        return [site for site in self.sites if site.verdict(metric) == verdict]

    def read_site(self, site: str) -> SiteFindings | None:
        """Return a site if it was read well enough to say something of it."""
        unread = self.unread()
        return next((one for one in self.sites if one.site == site and one not in unread and not one.left_out), None)


@dataclass(frozen=True)
class Asked:
    """An action as an earlier report printed it: its words, and what its rule looks at again a month later.

    `site` is a site's id, `watched` are digests of the reviews it listed, or the kinds of own words it meant.
    """

    id: str
    what: str
    site: str = ""
    watched: tuple[str, ...] = ()


@dataclass(frozen=True)
class Became:
    """What became of an action: the word for it, and the sentence that says what was seen."""

    state: Literal["done", "not_yet", "cannot_tell"]
    seen: str


@dataclass(frozen=True)
class Card:
    """An action as it is printed. `link` is https, or empty where the report's own pages are meant."""

    id: str
    what: str
    who: str
    how_long: str
    why: str
    effect: str
    done_when: str
    link: str = ""
    link_words: str = ""
    anchor: str = ""
    site: str = ""
    watched: tuple[str, ...] = ()

    def asked(self) -> Asked:
        """Return what next month's report needs to follow this action up."""
        return Asked(self.id, self.what, self.site, self.watched)


@dataclass(frozen=True)
class _Reason:
    """Why an action is chosen: numbers and names for its texts, and what to look at again next month.

    `number` chooses the form of those texts that have one for several.
    """

    filled: Mapping[str, str]
    number: int = 1
    link: str | None = None
    site: str = ""
    watched: tuple[str, ...] = ()


@dataclass(frozen=True)
class Action:
    """One entry of the library. `rule` says in words what `chosen_by` computes, `done_when` what `became` looks for.

    `what_many` and `why_many` stand for `what` and `why` where several things are meant.
    """

    id: str
    what: str
    who: str
    how_long: str
    why: str
    effect: str
    done_when: str
    rule: str
    chosen_by: Callable[[Findings], _Reason | None]
    became: Callable[[Asked, Findings], Became]
    link_words: str = ""
    anchor: str = ""
    what_many: str = ""
    why_many: str = ""


def _look_today(found: Findings) -> _Reason | None:
    alerts = found.alerts
    if not alerts.raised:
        return None
    kinds = [_("{number} of harm", number=whole(alerts.harm))] if alerts.harm else []
    kinds += [_("{number} of unfair treatment", number=whole(alerts.unfair))] if alerts.unfair else []
    kinds += [_("{number} of a privacy breach", number=whole(alerts.privacy))] if alerts.privacy else []
    return _Reason(
        {
            "alerts": ngettext("{number}\u00a0review alert", "{number}\u00a0review alerts", alerts.raised),
            "kinds": listed(kinds),
            "month": long_month(found.month),
        }
    )


def _take_down(found: Findings) -> _Reason | None:
    alerts = found.alerts
    kinds = [_REPLIES] if alerts.replies_grave else []
    kinds += [_COMMENTS] if alerts.comments_grave else []
    return _Reason({}, alerts.grave, watched=tuple(kinds)) if kinds else None


def _ask_alike(found: Findings) -> _Reason | None:
    asks = found.invitations
    if not asks.signs:
        return None
    kinds = [_("{number} of a call to the happy alone", number=whole(asks.gating))] if asks.gating else []
    kinds += [_("{number} of a reward", number=whole(asks.reward))] if asks.reward else []
    kinds += [_("{number} of a call for Yelp reviews", number=whole(asks.yelp))] if asks.yelp else []
    kinds += [_("{number} of words to write", number=whole(asks.wording))] if asks.wording else []
    posts = ngettext("{number}\u00a0post or comment", "{number}\u00a0posts and comments", asks.posts)
    return _Reason({"posts": posts, "kinds": listed(kinds)})


def _answer_questions(found: Findings) -> _Reason | None:
    talk = found.talk
    waiting = talk.asked - talk.answered
    return _Reason({"share": of(talk.answered, talk.asked)}, waiting) if waiting > 0 else None


def _post_answers(found: Findings) -> _Reason | None:
    talk = found.talk
    if talk.asked < 5 or talk.posts < 10 or talk.helpful * 2 >= talk.posts:
        return None
    asked = ngettext("{number}\u00a0question", "{number}\u00a0questions", talk.asked)
    return _Reason({"share": of(talk.helpful, talk.posts), "asked": asked})


def _answer_low(found: Findings) -> _Reason | None:
    waiting = found.waiting
    if not waiting.reviews:
        return None
    longest = {"longest": days(waiting.longest_days)}
    return _Reason(longest, waiting.reviews, waiting.url, watched=waiting.listed)


def _share(change: Change) -> tuple[str, str]:
    now, before = (change.now or 0.0), (change.before or 0.0)
    return of(round(now * change.now_size), change.now_size), of(round(before * change.before_size), change.before_size)


def _find_cause(found: Findings) -> _Reason | None:
    more_low = found.where("low_share", "rose")
    fewer_stars = found.where("mean_stars", "fell")
    site = next(iter(more_low or fewer_stars), None)
    if site is None:
        return None
    share = site.changes.get("low_share")
    if share and share.now is not None and share.before is not None and share.now_size and share.before_size:
        now, before = _share(share)
        evidence = _("{now} reviews gave one or two stars; the month before it was {before}.", now=now, before=before)
    else:
        stars = site.changes["mean_stars"]
        evidence = _(
            "Stars fell from {before} to {now}, with {reviews} this month and {reviews_before} the month before.",
            before=decimal(stars.before or 0.0),
            now=decimal(stars.now or 0.0),
            reviews=reviews(stars.now_size),
            reviews_before=whole(stars.before_size),
        )
    return _Reason({"site": site.name, "evidence": evidence}, site=site.site)


def _renew_access(found: Findings) -> _Reason | None:
    site = next((site for site in found.unread() if not site.is_export), None)
    return None if site is None else _Reason(_reading(site), site=site.site)


def _fresh_export(found: Findings) -> _Reason | None:
    site = next((site for site in found.unread() if site.is_export), None)
    return None if site is None else _Reason(_reading(site), site=site.site)


def _reading(site: SiteFindings) -> dict[str, str]:
    day = written_day(site.last_read) if site.last_read else ""
    nights = {"nights": whole(site.nights_read), "of": whole(site.nights_expected)}
    if site.is_export:
        evidence = _("It was last read on {day}.", day=day) if day else _("It has never been read.")
    elif day:
        evidence = _("It was last read on {day}; {nights} of {of} nights of the month were read.", day=day, **nights)
    else:
        evidence = _("It has never been read; {nights} of {of} nights of the month were read.", **nights)
    return {"site": site.name, "evidence": evidence}


def _fewer_reviews(found: Findings) -> _Reason | None:
    return _arrivals([site for site in found.where("reviews_received", "fell") if site.site in _INVITING_ALLOWED])


def _more_reviews(found: Findings) -> _Reason | None:
    return _arrivals(found.where("reviews_received", "rose"))


def _arrivals(sites: list[SiteFindings]) -> _Reason | None:
    if not sites:
        return None
    change = sites[0].changes["reviews_received"]
    now, before = round(change.now or 0), round(change.before or 0)
    return _Reason({"site": sites[0].name, "now": reviews(now), "before": whole(before)}, site=sites[0].site)


def _check_page(found: Findings) -> _Reason | None:
    site = max(found.sites, key=lambda site: site.removed, default=None)
    if site is None or site.removed < 3:
        return None
    return _Reason({"site": site.name, "removed": reviews(site.removed)}, site=site.site)


def _answer_habit(found: Findings) -> _Reason | None:
    for site in found.sites:
        if site.answered_month and site.answerable >= 10 and site.answered * 2 < site.answerable:
            return _Reason(
                {
                    "site": site.name,
                    "share": of(site.answered, site.answerable),
                    "month": long_month(site.answered_month),
                },
                site=site.site,
            )
    return None


def _invite_everyone(found: Findings) -> _Reason | None:
    allowed = [site for site in found.sites if site.site in _INVITING_ALLOWED]
    known = [site.reviews_in_three_months for site in allowed if site.reviews_in_three_months is not None]
    if not allowed or len(known) < len(allowed) or sum(known) >= 10 or found.unread():
        return None
    sites = listed(site.name for site in allowed)
    return _Reason({"reviews": reviews(sum(known)), "sites": sites})


# What was seen of an action a month later. Each is one whole sentence, and none needs to agree with its numbers.
SEEN: dict[str, str] = {
    "only-you": "Only you know: this leaves nothing that we could see.",
    "unread": "Not every site was read, so this cannot be seen.",
    "site-unread": "{site} was not read, so this cannot be seen.",
    "replies-unchecked": "Replies could not be checked this month.",
    "comments-past": "What was listed is over 90 days old by now, so this cannot be seen.",
    "own-words-stand": "Replies and comments of yours with such signs in public: {number}.",
    "own-words-gone": "No reply or comment of yours with such signs stands in public.",
    "posts-unchecked": "How your own words ask for reviews could not be checked.",
    "signs-stand": "Signs of that kind in your own words: {signs}.",
    "signs-gone": "Your own words have no such signs any more.",
    "low-wait": "Still without an answer: {waiting} of {listed}.",
    "low-answered": "None of the listed reviews waits any more: {listed} of {listed}.",
    "low-fell": "Low reviews on {site} fell, or its stars rose.",
    "low-rose": "Low reviews on {site} rose again, or its stars fell.",
    "low-unclear": "No clear change in the reviews on {site} since then.",
    "talk-unread": "What people ask was not measured this month.",
    "questions-wait": "Questions that wait for an answer: {waiting} of {asked}.",
    "questions-answered": "Every question of the last 90 days has an answer.",
    "read": "{site} was read on {nights} of {of} nights.",
    "file-read": "A file of {site} was read on {day}.",
    "not-read": "{site} is still not read.",
    "gone": "{site} is no longer part of this report.",
    "more-came": "More reviews came in on {site} than the month before.",
    "fewer-came": "Fewer reviews came in on {site} than the month before.",
    "as-many-came": "No clear change in how many reviews came in on {site}.",
    "habit-early": "{site} has no newer month that is old enough to count.",
    "habit": "Answered within 30 days in {month}: {answered} of {reviews}.",
    "three-months": "Reviews of the last three months: {reviews}.",
    "posts-few": "Too few posts could be told apart.",
    "posts": "Posts that help: {helpful} of {posts}.",
    "unknown": "This action is no longer part of our list.",
}


def _seen(state: Literal["done", "not_yet", "cannot_tell"], key: str, **filled: str) -> Became:
    return Became(state, _(SEEN[key], **filled))


def _only_you(asked: Asked, found: Findings) -> Became:
    del asked, found
    return _seen("cannot_tell", "only-you")


def _taken_down(asked: Asked, found: Findings) -> Became:
    if found.alerts.grave:
        return _seen("not_yet", "own-words-stand", number=whole(found.alerts.grave))
    # Reports of before knew of replies alone, and did not say so.
    of_replies = _REPLIES in asked.watched or _COMMENTS not in asked.watched
    if of_replies and (not found.alerts.replies_checked or found.unread()):
        return _seen("cannot_tell", "replies-unchecked")
    if found.alerts.comments_past:
        return _seen("cannot_tell", "comments-past")
    return _seen("done", "own-words-gone")


def _asked_alike(asked: Asked, found: Findings) -> Became:
    del asked
    if found.invitations.signs:
        return _seen("not_yet", "signs-stand", signs=whole(found.invitations.signs))
    if not found.invitations.checked:
        return _seen("cannot_tell", "posts-unchecked")
    return _seen("done", "signs-gone")


def _low_answered(asked: Asked, found: Findings) -> Became:
    waiting, listed_then = len(found.waiting.keys.intersection(asked.watched)), whole(len(asked.watched))
    if waiting:
        return _seen("not_yet", "low-wait", waiting=whole(waiting), listed=listed_then)
    if found.unread():
        return _seen("cannot_tell", "unread")
    return _seen("done", "low-answered", listed=listed_then)


def _low_fell(asked: Asked, found: Findings) -> Became:
    site = found.read_site(asked.site)
    if site is None:
        return _seen("cannot_tell", "site-unread", site=site_name(asked.site))
    better, worse = (("low_share", "fell"), ("mean_stars", "rose")), (("low_share", "rose"), ("mean_stars", "fell"))
    if any(site.verdict(metric) == verdict for metric, verdict in worse):
        return _seen("not_yet", "low-rose", site=site.name)
    if any(site.verdict(metric) == verdict for metric, verdict in better):
        return _seen("done", "low-fell", site=site.name)
    return _seen("cannot_tell", "low-unclear", site=site.name)


def _questions_answered(asked: Asked, found: Findings) -> Became:
    del asked
    talk = found.talk
    if not talk.measured:
        return _seen("cannot_tell", "talk-unread")
    if talk.answered < talk.asked:
        waiting = whole(talk.asked - talk.answered)
        return _seen("not_yet", "questions-wait", waiting=waiting, asked=whole(talk.asked))
    return _seen("done", "questions-answered")


def _read_again(asked: Asked, found: Findings) -> Became:
    site = next((site for site in found.sites if site.site == asked.site), None)
    if site is None:
        return _seen("cannot_tell", "gone", site=site_name(asked.site))
    if site.left_out or site in found.unread() or site.last_read is None:
        return _seen("not_yet", "not-read", site=site.name)
    if site.is_export:
        return _seen("done", "file-read", site=site.name, day=written_day(site.last_read))
    return _seen("done", "read", site=site.name, nights=whole(site.nights_read), of=whole(site.nights_expected))


def _arrive_again(asked: Asked, found: Findings) -> Became:
    site = found.read_site(asked.site)
    if site is None:
        return _seen("cannot_tell", "site-unread", site=site_name(asked.site))
    verdict = site.verdict("reviews_received")
    if verdict == "rose":
        return _seen("done", "more-came", site=site.name)
    return _seen(
        "not_yet" if verdict == "fell" else "cannot_tell",
        "fewer-came" if verdict == "fell" else "as-many-came",
        site=site.name,
    )


def _habit(asked: Asked, found: Findings) -> Became:
    site = next((site for site in found.sites if site.site == asked.site), None)
    if site is None or site.answered_month is None or not site.answerable:
        return _seen("cannot_tell", "habit-early", site=site.name if site else site_name(asked.site))
    return _seen(
        "done" if site.answered * 2 >= site.answerable else "not_yet",
        "habit",
        month=long_month(site.answered_month),
        answered=whole(site.answered),
        reviews=whole(site.answerable),
    )


def _enough(asked: Asked, found: Findings) -> Became:
    del asked
    known = [site.reviews_in_three_months for site in found.sites if site.site in _INVITING_ALLOWED]
    if not known or None in known or found.unread():
        return _seen("cannot_tell", "unread")
    number = sum(one or 0 for one in known)
    return _seen("done" if number >= 10 else "not_yet", "three-months", reviews=whole(number))


def _posts_help(asked: Asked, found: Findings) -> Became:
    del asked
    talk = found.talk
    if not talk.measured or talk.posts < 10:
        return _seen("cannot_tell", "posts-few")
    state: Literal["done", "not_yet"] = "done" if talk.helpful * 2 >= talk.posts else "not_yet"
    return _seen(state, "posts", helpful=whole(talk.helpful), posts=whole(talk.posts))


LIBRARY: tuple[Action, ...] = (
    Action(
        id="look-today",
        what="Have a person look today at the {alerts}.",
        who="Owner",
        how_long="15 minutes",
        why="In {month} there were signs: {kinds}. Signs can be wrong, so read before you act.",
        effect="Someone who may need help is heard sooner.",
        done_when="Done when a person has read each one.",
        link_words="See where",
        anchor="worth-a-look",
        rule="the figures on alerts add up to at least one over all sites",
        chosen_by=_look_today,
        became=_only_you,
    ),
    Action(
        id="take-down",
        what="Take down today the {number}\u00a0reply or comment that may show private details. Keep a private copy, "
        "and tell your privacy officer.",
        what_many="Take down today the {number}\u00a0replies and comments that may show private details. Keep a "
        "private copy, and tell your privacy officer.",
        who="Owner or office manager",
        how_long="5 minutes each",
        why="{number}\u00a0reply or comment with such signs stands in public.",
        why_many="{number}\u00a0replies and comments with such signs stand in public.",
        effect="Fewer private details stand in public.",
        done_when="Done when all are gone.",
        link_words="See where",
        anchor="worth-a-look",
        rule="replies_to_look_at and the own comments of worth_a_look, of critical or high severity, add up to at "
        "least one over all sites",
        chosen_by=_take_down,
        became=_taken_down,
    ),
    Action(
        id="ask-alike",
        what="Check how your posts and comments ask for reviews.",
        who="Owner",
        how_long="15 minutes",
        why="Signs in {posts} of 90 days: {kinds}. Signs can be wrong.",
        effect="Your own words treat everybody alike.",
        done_when="Done when none of them has such signs.",
        link_words="See the rules",
        anchor="worth-checking",
        rule="review_invitations counts at least one post of any part",
        chosen_by=_ask_alike,
        became=_asked_alike,
    ),
    Action(
        id="answer-low",
        what="Answer the low reviews listed below in a few general words. Never say or hint who is a patient.",
        who="Owner or office manager",
        how_long="5 minutes each",
        why="{number}\u00a0low review has no answer. It has waited {longest}.",
        why_many="{number}\u00a0low reviews have no answer. One has waited {longest}.",
        effect="People who read along see that concerns get an answer.",
        done_when="Done when each listed review has an answer.",
        link_words="Open the first one",
        anchor="needs-answer",
        rule="needs_answer has at least one row for the month",
        chosen_by=_answer_low,
        became=_low_answered,
    ),
    Action(
        id="find-cause",
        what="Read the low reviews on {site} side by side and look for one shared cause.",
        who="Owner with the team",
        how_long="30 minutes",
        why="{evidence}",
        effect="Fewer people meet the same trouble.",
        done_when="Done when low reviews fall again.",
        link_words="See site by site",
        anchor="site-by-site",
        rule="the verdict on low_share is rose, or the one on mean_stars is fell, on any site",
        chosen_by=_find_cause,
        became=_low_fell,
    ),
    Action(
        id="answer-questions",
        what="Answer the question that waits on your own pages.",
        what_many="Answer the {number} questions that wait on your own pages.",
        who="Office manager",
        how_long="5 minutes each",
        why="{share} got an answer in the last 90 days.",
        effect="People who ask get an answer.",
        done_when="Done when no question waits.",
        link_words="See the conversation",
        anchor="conversation",
        rule="talk_reply_hours knows of at least one question or complaint without an answer",
        chosen_by=_answer_questions,
        became=_questions_answered,
    ),
    Action(
        id="renew-access",
        what="Check that we may still read {site}, and let us in again.",
        who="Holder of the account",
        how_long="10 minutes",
        why="{evidence}",
        effect="The next report can count this site again.",
        done_when="Done when the site is read again.",
        link_words="See the data notes",
        anchor="data-notes",
        rule="a site read through its API was not read after the month's end, or on fewer than half of its nights",
        chosen_by=_renew_access,
        became=_read_again,
    ),
    Action(
        id="fresh-export",
        what="Send us a fresh export file of {site}.",
        who="Holder of the account",
        how_long="10 minutes",
        why="{evidence}",
        effect="The next report can count this site again.",
        done_when="Done when the new file is read.",
        link_words="See the data notes",
        anchor="data-notes",
        rule="a site read from owner's files was not read after the month's end, or on fewer than half of its nights",
        chosen_by=_fresh_export,
        became=_read_again,
    ),
    Action(
        id="check-page",
        what="Open your page on {site} and check that all is in order.",
        who="Office manager",
        how_long="5 minutes",
        why="{removed} that we saw before can no longer be seen there.",
        effect="You know if something is wrong with the page.",
        done_when="Done when you have looked.",
        link_words="See the data notes",
        anchor="data-notes",
        rule="at least three reviews of one site vanished from a complete listing during the month",
        chosen_by=_check_page,
        became=_only_you,
    ),
    Action(
        id="keep-inviting",
        what="Check that every patient still gets the same invitation after a visit.",
        who="Front desk lead",
        how_long="10 minutes",
        why="{now} came in on {site}; the month before it was {before}.",
        effect="Reviews come in at the usual pace again.",
        done_when="Done when more reviews come in again.",
        link_words="See what changed",
        anchor="what-changed",
        rule="the verdict on reviews_received is fell on a site that allows inviting",
        chosen_by=_fewer_reviews,
        became=_arrive_again,
    ),
    Action(
        id="answer-habit",
        what="Give one person a weekly time to answer {site} reviews.",
        who="Office manager",
        how_long="20 minutes a week",
        why="{share} reviews from {month} got an answer within 30 days.",
        effect="More reviews get an answer within 30 days.",
        done_when="Done when half of a month\u2019s reviews get one.",
        link_words="See the replies",
        anchor="replies",
        rule="in the newest month old enough to count, at least 10 reviews and fewer than half answered",
        chosen_by=_answer_habit,
        became=_habit,
    ),
    Action(
        id="invite-everyone",
        what="Invite every patient after a visit, with the same neutral sentence and the same link.",
        who="Front desk",
        how_long="10 minutes to set up",
        why="{reviews} came in over three months on {sites}, too few to say how things are going.",
        effect="Enough reviews to see a change when there is one.",
        done_when="Done when three months bring 10 reviews.",
        link_words="See site by site",
        anchor="site-by-site",
        rule="fewer than 10 reviews in three months on all sites that allow inviting, and every site was read",
        chosen_by=_invite_everyone,
        became=_enough,
    ),
    Action(
        id="post-answers",
        what="Post one short answer to what people asked most, with a public health source.",
        who="Owner or hygienist",
        how_long="30 minutes",
        why="People asked {asked} in 90 days, and {share} posts gave help, thanks or local news.",
        effect="People find an answer before they have to ask.",
        done_when="Done when half of your posts help.",
        link_words="See the conversation",
        anchor="conversation",
        rule="at least 5 questions, at least 10 posts that could be coded, and fewer than half of them helpful",
        chosen_by=_post_answers,
        became=_posts_help,
    ),
    Action(
        id="explain-more",
        what="Find out what brought more reviews to {site}.",
        who="Owner",
        how_long="10 minutes",
        why="{now} came in; the month before it was {before}. It may be an event, a news story, a note you sent, "
        "or an attack.",
        effect="You know what the new number means.",
        done_when="Done when you know the reason.",
        link_words="See what changed",
        anchor="what-changed",
        rule="the verdict on reviews_received is rose on any site",
        chosen_by=_more_reviews,
        became=_only_you,
    ),
)


def choose(found: Findings, most: int = MOST_ACTIONS) -> list[Card]:
    """Return at most three actions or `most`, most urgent first: the first rules of the library that hold.

    Of conversation there is one at most.
    """
    cards: list[Card] = []
    for action in LIBRARY:
        if action.anchor == "conversation" and any(card.anchor == "conversation" for card in cards):
            continue
        reason = action.chosen_by(found)
        if reason is not None:
            why = _in_form(action.why, action.why_many, reason)
            cards.append(
                Card(
                    id=action.id,
                    what=_in_form(action.what, action.what_many, reason),
                    who=_(action.who),
                    how_long=_(action.how_long),
                    why=why[:1].upper() + why[1:],
                    link=reason.link or "",
                    link_words=_(action.link_words) if reason.link or action.id != "answer-low" else "",
                    anchor=action.anchor,
                    effect=_(action.effect),
                    done_when=_(action.done_when),
                    site=reason.site,
                    watched=reason.watched,
                )
            )
    return cards[:most]


def _in_form(one: str, many: str, reason: _Reason) -> str:
    return ngettext(one, many, reason.number, **reason.filled) if many else _(one, **reason.filled)


def follow_up(asked: Asked, found: Findings) -> Became:
    """Return what became of an action of the month before, by its own entry of the library."""
    action = next((action for action in LIBRARY if action.id == asked.id), None)
    return action.became(asked, found) if action else _seen("cannot_tell", "unknown")


HEADLINES: dict[str, str] = {
    "not-read": "No site could be read for {month}, so we cannot say what happened.",
    "no-reviews": "No new reviews came in during {month}.",
    "no-reviews-seen": "No new reviews were seen in {month}, but not every site was read.",
    "stars-mixed": "Stars fell on {fell} and rose on {rose}.",
    "stars-fell": "Stars on {sites} fell from {before} to {now}.",
    "stars-fell-several": "Stars fell on {sites}.",
    "stars-rose": "Stars on {sites} rose from {before} to {now}.",
    "stars-rose-several": "Stars rose on {sites}.",
    "low-rose": "More of the reviews on {sites} gave one or two stars.",
    "low-fell": "Fewer of the reviews on {sites} gave one or two stars.",
    "count-rose": "More reviews came in on {sites} than the month before.",
    "count-fell": "Fewer reviews came in on {sites} than the month before.",
    "reply-fell": "Fewer of the reviews on {sites} were answered.",
    "reply-rose": "More of the reviews on {sites} were answered.",
    "first-month": "This is the first month on record, with {reviews}.",
    "not-compared": "{reviews} came in, and changes could not be measured.",
    "too-few": "{reviews} came in, too few to say if anything changed.",
    "no-change-partly": "No clear change on the sites that were read.",
    "no-change": "No clear change.",
}
# The headlines that agree with a number.
COUNTED_HEADLINES: dict[str, tuple[str, str]] = {
    "too-few-partly": (
        "Only {number}\u00a0review was seen, and not every site was read.",
        "Only {number}\u00a0reviews were seen, and not every site was read.",
    ),
}
NEXT_WORDS = (
    "Nothing needs doing this month.",
    "One thing is worth doing.",
    "Two things are worth doing.",
    "Three things are worth doing.",
)


def headline(found: Findings) -> str:
    """Return the one sentence that says what happened, by its id in HEADLINES; worst news first."""
    seen = [site for site in found.sites if site.nights_read or site.reviews]
    key, filled = _headline(found, seen)
    if key in COUNTED_HEADLINES:
        return ngettext(*COUNTED_HEADLINES[key], sum(site.reviews or 0 for site in seen))
    return _(HEADLINES[key], **{"month": long_month(found.month), **filled})


def next_words(actions: int) -> str:
    return _(NEXT_WORDS[actions])


def _headline(found: Findings, seen: list[SiteFindings]) -> tuple[str, dict[str, str]]:
    if not seen:
        return "not-read", {}
    number = sum(site.reviews or 0 for site in seen)
    unread = found.unread()
    if not number:
        return ("no-reviews-seen" if unread else "no-reviews"), {}
    fell, rose = found.where("mean_stars", "fell"), found.where("mean_stars", "rose")
    if fell and rose:
        return "stars-mixed", {"fell": _names(fell), "rose": _names(rose)}
    for key, sites in (("stars-fell", fell), ("stars-rose", rose)):
        if len(sites) > 1:
            return f"{key}-several", {"sites": _names(sites)}
        if sites:
            change = sites[0].changes["mean_stars"]
            before, now = decimal(change.before or 0.0), decimal(change.now or 0.0)
            return key, {"sites": _names(sites), "before": before, "now": now}
    for metric, prefix in (("low_share", "low"), ("reviews_received", "count"), ("reply_share", "reply")):
        for verdict in ("rose", "fell") if prefix == "low" else ("fell", "rose"):
            if sites := found.where(metric, verdict):
                return f"{prefix}-{verdict}", {"sites": _names(sites)}
    verdicts = {site.verdict("mean_stars") for site in seen}
    said = {"reviews": reviews(number)}
    if verdicts <= {"first_month", "not_measured"}:
        return "first-month" if "first_month" in verdicts else "not-compared", said
    if "no_clear_change" not in verdicts:
        return ("too-few-partly" if unread else "too-few"), said
    return ("no-change-partly" if unread else "no-change"), {}


def _names(sites: list[SiteFindings]) -> str:
    return listed(site.name for site in sites)
