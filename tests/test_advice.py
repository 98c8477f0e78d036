"""Advice: fixed texts only, none of them forbidden, each chosen by its own rule and by nothing else."""

from __future__ import annotations

import dataclasses
import datetime as dt
import re
import string

import pytest

from pipelines import advice, wording
from pipelines.advice import (
    COUNTED_HEADLINES,
    HEADLINES,
    LIBRARY,
    NEXT_WORDS,
    SEEN,
    Alerts,
    Asked,
    Change,
    Findings,
    Invitations,
    SiteFindings,
    Talk,
    Waiting,
    choose,
    follow_up,
    headline,
)

MONTH = dt.date(2026, 10, 1)
AS_OF = dt.date(2026, 11, 2)

# What review platforms and regulators forbid to advise: gating, incentives, burying, removal deals, staff reviews.
FORBIDDEN = re.compile(
    r"happy patients|satisfied|best patients|only (?:ask|invite)|five[- ]star|5[- ]star|\b9s and 10s\b|first ask how|"
    r"incentiv|gift|raffle|points for|discount|free .* for (?:a )?review|per review|"
    r"remove (?:the|this|that|bad|negative) review|take (?:down|the) .*review|bury|push down|dilute|drown|flag all|"
    r"all one-star|lawyer|attorney|legal letter|promise[sd]? removal|"
    r"(?:ask|have|get) (?:your )?(?:staff|team|family|friends) (?:to )?(?:review|post a review|leave)|"
    r"yelp.*(?:ask|invite|link|qr|review us)|(?:ask|invite).*yelp|buy (?:followers|likes)|get \d+ followers|"
    r"follow-for-follow|more followers|post more often|before (?:they|you) leave|(?:tablet|kiosk) (?:at|in)|"
    r"mention .* in (?:the|their) review|ask them to mention|best reviews|post as a patient|several accounts",
    re.IGNORECASE,
)


def site(**changed: object) -> SiteFindings:
    calm = SiteFindings(
        site="google",
        name="Google",
        is_export=False,
        is_sample=False,
        reviews=23,
        reviews_in_three_months=70,
        changes={name: Change("no_clear_change", 4.5, 4.4, 23, 25) for name in ("mean_stars", "reviews_received")},
        answered=18,
        answerable=25,
        answered_month=dt.date(2026, 9, 1),
        nights_read=31,
        nights_expected=31,
        last_read=AS_OF,
    )
    return dataclasses.replace(calm, **changed)  # type: ignore[arg-type]  # tests name the fields they change


def found(
    *sites: SiteFindings,
    waiting: Waiting | None = None,
    as_of: dt.date = AS_OF,
    alerts: Alerts | None = None,
    talk: Talk | None = None,
    asks: Invitations | None = None,
) -> Findings:
    told = waiting or Waiting(), alerts or Alerts(), talk or Talk(), asks or Invitations()
    return Findings(MONTH, as_of, sites or (site(),), *told)


def change(metric: str, verdict: str, now: float, before: float, size: int = 20) -> dict[str, Change]:
    return {metric: Change(verdict, now, before, size, size)}


FIRES: dict[str, Findings] = {
    "look-today": found(alerts=Alerts(privacy=1)),
    "take-down": found(alerts=Alerts(replies_grave=2)),
    "ask-alike": found(asks=Invitations(40, gating=2, reward=1, yelp=3, wording=1)),
    "answer-questions": found(talk=Talk(asked=9, answered=8, helpful=20, posts=20)),
    "post-answers": found(talk=Talk(asked=5, answered=5, helpful=4, posts=10)),
    "answer-low": found(waiting=Waiting(3, 21, "https://maps.example/1")),
    "find-cause": found(site(changes=change("low_share", "rose", 0.45, 0.1))),
    "renew-access": found(site(nights_read=9, last_read=dt.date(2026, 10, 9))),
    "fresh-export": found(site(nights_read=1, last_read=dt.date(2026, 7, 3), is_export=True)),
    "check-page": found(site(removed=3)),
    "keep-inviting": found(site(changes=change("reviews_received", "fell", 4, 22))),
    "answer-habit": found(site(answered=4, answerable=10)),
    "invite-everyone": found(site(reviews=2, reviews_in_three_months=9)),
    "explain-more": found(site(changes=change("reviews_received", "rose", 70, 25))),
}
JUST_NOT: dict[str, Findings] = {
    "look-today": found(alerts=Alerts(replies_grave=1)),
    "take-down": found(alerts=Alerts(harm=1, replies_possible=3, comments_possible=2, comments_past=1)),
    "ask-alike": found(asks=Invitations(40, checked=True)),
    "answer-questions": found(talk=Talk(asked=9, answered=9)),
    "post-answers": found(talk=Talk(asked=5, answered=5, helpful=5, posts=10)),
    "answer-low": found(waiting=Waiting()),
    "find-cause": found(site(changes=change("low_share", "no_clear_change", 0.45, 0.1))),
    "renew-access": found(site(nights_read=16, last_read=dt.date(2026, 11, 1))),
    "fresh-export": found(site(nights_read=16, last_read=dt.date(2026, 11, 1), is_export=True)),
    "check-page": found(site(removed=2)),
    "keep-inviting": found(site(site="yelp", changes=change("reviews_received", "fell", 4, 22))),
    "answer-habit": found(site(answered=5, answerable=10)),
    "invite-everyone": found(site(reviews=2, reviews_in_three_months=10)),
    "explain-more": found(site(changes=change("reviews_received", "no_clear_change", 70, 25))),
}


def every_text() -> list[str]:
    cards = [dataclasses.astuple(card) for case in FIRES.values() for card in choose(case)]
    counted = [text for both in COUNTED_HEADLINES.values() for text in both]
    library = [text for entry in LIBRARY for text in _texts(entry)]
    return [
        *library,
        *(str(part) for card in cards for part in card),
        *HEADLINES.values(),
        *counted,
        *NEXT_WORDS,
        *SEEN.values(),
    ]


def _texts(entry: advice.Action) -> tuple[str, ...]:
    forms = entry.what, entry.what_many, entry.why, entry.why_many
    return *forms, entry.who, entry.how_long, entry.effect, entry.done_when, entry.link_words


def test_no_text_of_the_library_is_on_the_forbidden_side() -> None:
    assert [text for text in every_text() if FORBIDDEN.search(text)] == []


@pytest.mark.parametrize(
    "text",
    [
        "Ask your happy patients for a review.",
        "Invite them before they leave, on a tablet at the desk.",
        "Offer a discount for every review.",
        "Drown out the bad ones with good ones.",
        "Ask your team to post a review.",
        "Invite patients to review you on Yelp.",
        "Ask them to mention implants.",
        "Flag all one-star reviews.",
    ],
)
def test_the_forbidden_wordings_are_recognised(text: str) -> None:
    assert FORBIDDEN.search(text)


def test_no_text_shouts_praises_or_compares() -> None:
    said = " ".join(every_text())
    assert "!" not in said
    assert not re.search(
        r"\b(great|congrat|excellent|well done|competitor|other practices|average practice)", said, re.I
    )


def test_ids_are_unique_and_every_rule_is_said_in_words() -> None:
    assert len({entry.id for entry in LIBRARY}) == len(LIBRARY)
    assert all(len(entry.rule) > 20 for entry in LIBRARY)
    assert FIRES.keys() == JUST_NOT.keys() == {entry.id for entry in LIBRARY}


@pytest.mark.parametrize("action", FIRES)
def test_each_action_is_chosen_by_its_rule_and_by_no_other(action: str) -> None:
    assert [card.id for card in choose(FIRES[action])] == [action]


@pytest.mark.parametrize("action", JUST_NOT)
def test_an_action_stays_away_one_step_before_its_rule(action: str) -> None:
    assert action not in [card.id for card in choose(JUST_NOT[action])]


@pytest.mark.parametrize("action", FIRES)
def test_every_action_says_why_with_a_number_and_leaves_no_gap(action: str) -> None:
    card = choose(FIRES[action])[0]
    assert re.search(r"\d", card.why)
    assert not re.search(r"[{}]", card.what + card.why)
    assert card.what.endswith(".")
    assert card.why.endswith(".")


def test_fields_of_the_texts_are_filled_by_their_rules() -> None:
    for entry in LIBRARY:
        reason = entry.chosen_by(FIRES[entry.id])
        assert reason is not None
        texts = (entry.what, entry.what_many, entry.why, entry.why_many)
        named = {name for text in texts for _, name, _, _ in string.Formatter().parse(text) if name}
        assert named <= set(reason.filled) | ({"number"} if entry.what_many or entry.why_many else set())


def test_at_most_three_actions_the_most_urgent_first() -> None:
    changes = change("low_share", "rose", 0.45, 0.1) | change("reviews_received", "rose", 70, 25)
    bad = found(site(changes=changes, removed=9, answered=0), waiting=Waiting(1, 2))
    assert [card.id for card in choose(bad)] == ["answer-low", "find-cause", "check-page"]


def test_a_calm_month_asks_for_nothing() -> None:
    assert choose(found()) == []
    assert headline(found()) == "No clear change."
    assert NEXT_WORDS[0] == "Nothing needs doing this month."


def test_a_month_that_is_not_over_does_not_ask_for_access() -> None:
    running = found(site(nights_read=9, last_read=dt.date(2026, 10, 9)), as_of=dt.date(2026, 10, 9))
    assert choose(running) == []


def test_evidence_is_a_count_not_a_rate() -> None:
    (card,) = choose(FIRES["find-cause"])
    assert card.why == "9 of 20 reviews gave one or two stars; the month before it was 2 of 20."


def test_stars_alone_are_evidence_where_no_share_is_known() -> None:
    (card,) = choose(found(site(changes=change("mean_stars", "fell", 3.4, 4.5))))
    assert card.why.startswith("Stars fell from 4.5 to 3.4, with 20\u00a0reviews this month")


def test_what_was_never_read_says_so() -> None:
    (card,) = choose(found(site(nights_read=0, last_read=None)))
    assert card.why == "It has never been read; 0 of 31 nights of the month were read."


def test_one_review_is_not_many() -> None:
    (card,) = choose(found(waiting=Waiting(1, 1)))
    assert card.why == "1\u00a0low review has no answer. It has waited 1\u00a0day."
    assert card.link == card.link_words == ""


OTHER = site(site="healthgrades", name="Healthgrades", changes=change("mean_stars", "rose", 4.8, 4.1))
FALLEN = site(changes=change("mean_stars", "fell", 3.4, 4.5))
FEW = Change("too_few", None, None, 3, 2)


@pytest.mark.parametrize(
    ("case", "said"),
    [
        (found(FALLEN), "Stars on Google fell from 4.5 to 3.4."),
        (found(OTHER), "Stars on Healthgrades rose from 4.1 to 4.8."),
        (found(FALLEN, OTHER), "Stars fell on Google and rose on Healthgrades."),
        (found(FALLEN, dataclasses.replace(FALLEN, name="Yelp")), "Stars fell on Google and Yelp."),
        (FIRES["find-cause"], "More of the reviews on Google gave one or two stars."),
        (
            found(site(changes=change("low_share", "fell", 0.1, 0.5))),
            "Fewer of the reviews on Google gave one or two stars.",
        ),
        (FIRES["keep-inviting"], "Fewer reviews came in on Google than the month before."),
        (FIRES["explain-more"], "More reviews came in on Google than the month before."),
        (found(site(changes=change("reply_share", "fell", 0.1, 0.9))), "Fewer of the reviews on Google were answered."),
        (found(site(reviews=0)), "No new reviews came in during October 2026."),
        (
            found(site(reviews=0, last_read=dt.date(2026, 10, 9))),
            "No new reviews were seen in October 2026, but not every site was read.",
        ),
        (
            found(site(reviews=None, nights_read=0, last_read=None)),
            "No site could be read for October 2026, so we cannot say what happened.",
        ),
        (
            found(site(reviews=3, changes={"mean_stars": FEW})),
            "3\u00a0reviews came in, too few to say if anything changed.",
        ),
        (
            found(site(reviews=3, changes={"mean_stars": FEW}), site(reviews=None, last_read=None, nights_read=0)),
            "Only 3\u00a0reviews were seen, and not every site was read.",
        ),
        (
            found(site(changes=change("mean_stars", "first_month", 4.5, 0))),
            "This is the first month on record, with 23\u00a0reviews.",
        ),
        (
            found(site(changes=change("mean_stars", "not_measured", 0.0, 0.0))),
            "23\u00a0reviews came in, and changes could not be measured.",
        ),
        (found(site(), site(last_read=dt.date(2026, 10, 9))), "No clear change on the sites that were read."),
    ],
)
def test_the_headline_says_what_the_verdicts_say(case: Findings, said: str) -> None:
    assert headline(case) == said


def test_names_and_counts_are_written_for_people() -> None:
    assert [advice.site_name(name) for name in ("google", "local_paper", "")] == [
        "Google",
        "Local paper",
        "Unnamed site",
    ]
    assert wording.listed(["A", "B", "C"]) == "A, B and C"
    assert wording.listed([]) == ""
    assert wording.reviews(1234) == "1,234\u00a0reviews"
    assert wording.written_day(dt.date(2026, 2, 3)) == "3 Feb 2026"


def test_of_conversation_there_is_one_action_at_most() -> None:
    both = found(talk=Talk(asked=9, answered=3, helpful=1, posts=20))
    assert [card.id for card in choose(both)] == ["answer-questions"]


def test_answers_are_posted_only_where_people_ask_and_posts_are_enough_to_judge() -> None:
    for talk in (Talk(asked=4, answered=4, helpful=1, posts=20), Talk(asked=9, answered=9, helpful=1, posts=9)):
        assert choose(found(talk=talk)) == []


def test_the_most_urgent_comes_first() -> None:
    everything = found(
        waiting=Waiting(3, 21, None), alerts=Alerts(harm=2, replies_grave=1), talk=Talk(asked=9, answered=3)
    )
    assert [card.id for card in choose(everything)] == ["look-today", "take-down", "answer-low"]


GOOGLE = "google"
LISTED = ("key-1", "key-2", "key-3")
BECAME: dict[str, dict[str, Findings]] = {
    "look-today": {"cannot_tell": found(alerts=Alerts(privacy=1))},
    "take-down": {
        "done": found(alerts=Alerts(replies_possible=3, comments_possible=2)),
        "not_yet": found(alerts=Alerts(replies_grave=1)),
        "cannot_tell": found(alerts=Alerts(replies_checked=False)),
    },
    "ask-alike": {
        "done": found(asks=Invitations(40, checked=True)),
        "not_yet": found(asks=Invitations(40, yelp=1)),
        "cannot_tell": found(asks=Invitations()),
    },
    "answer-low": {
        "done": found(waiting=Waiting(1, 2, None, frozenset({"key-9"}))),
        "not_yet": found(site(nights_read=0, last_read=None), waiting=Waiting(1, 2, None, frozenset({"key-2"}))),
        "cannot_tell": found(site(nights_read=9, last_read=dt.date(2026, 10, 9))),
    },
    "find-cause": {
        "done": found(site(changes=change("low_share", "fell", 0.1, 0.4))),
        "not_yet": found(site(changes=change("mean_stars", "fell", 3.1, 3.4))),
        "cannot_tell": found(),
    },
    "answer-questions": {
        "done": found(talk=Talk(asked=9, answered=9, measured=True)),
        "not_yet": found(talk=Talk(asked=9, answered=8, measured=True)),
        "cannot_tell": found(talk=Talk(asked=0, answered=0)),
    },
    "renew-access": {
        "done": found(),
        "not_yet": found(site(nights_read=9, last_read=dt.date(2026, 10, 9))),
        "cannot_tell": found(site(site="yelp")),
    },
    "fresh-export": {
        "done": found(site(nights_read=20, is_export=True)),
        "not_yet": found(site(nights_read=0, is_export=True, last_read=dt.date(2026, 7, 3))),
        "cannot_tell": found(site(site="yelp")),
    },
    "check-page": {"cannot_tell": found(site(removed=9))},
    "keep-inviting": {
        "done": found(site(changes=change("reviews_received", "rose", 22, 4))),
        "not_yet": found(site(changes=change("reviews_received", "fell", 4, 22))),
        "cannot_tell": found(),
    },
    "answer-habit": {
        "done": found(site(answered=5, answerable=10)),
        "not_yet": found(site(answered=4, answerable=10)),
        "cannot_tell": found(site(answered=0, answerable=0)),
    },
    "invite-everyone": {
        "done": found(site(reviews_in_three_months=10)),
        "not_yet": found(site(reviews_in_three_months=9)),
        "cannot_tell": found(site(reviews_in_three_months=None)),
    },
    "post-answers": {
        "done": found(talk=Talk(helpful=5, posts=10, measured=True)),
        "not_yet": found(talk=Talk(helpful=4, posts=10, measured=True)),
        "cannot_tell": found(talk=Talk(helpful=9, posts=9, measured=True)),
    },
    "explain-more": {"cannot_tell": found()},
}


def asked(action: str) -> Asked:
    return Asked(action, "What we asked.", GOOGLE, LISTED)


@pytest.mark.parametrize(("action", "state"), [(action, state) for action, held in BECAME.items() for state in held])
def test_each_action_is_followed_up_by_its_own_rule(action: str, state: str) -> None:
    became = follow_up(asked(action), BECAME[action][state])
    assert became.state == state
    assert became.seen.endswith(".")
    assert not re.search(r"[{}]", became.seen)


def test_every_action_can_be_followed_up_and_every_sentence_for_it_is_used() -> None:
    assert BECAME.keys() == {entry.id for entry in LIBRARY}
    said = {follow_up(asked(action), case).seen for action, held in BECAME.items() for case in held.values()}
    unread = found(site(nights_read=0, last_read=None))
    said |= {follow_up(asked(action), unread).seen for action in BECAME} | {follow_up(asked("gone-id"), found()).seen}
    said.add(follow_up(asked("take-down"), found(alerts=Alerts(comments_past=1))).seen)
    shapes = {key: re.compile(re.sub(r"\\{\w+\\}", ".+", re.escape(text))) for key, text in SEEN.items()}
    assert [key for key, shape in shapes.items() if not any(shape.fullmatch(text) for text in said)] == []


def test_a_site_that_was_not_read_is_never_done() -> None:
    unread = found(site(nights_read=0, last_read=None), alerts=Alerts())
    for action in ("take-down", "answer-low", "find-cause", "keep-inviting", "invite-everyone", "renew-access"):
        assert follow_up(asked(action), unread).state != "done"


@pytest.mark.parametrize(
    ("alerts", "what", "why", "watched"),
    [
        (Alerts(replies_grave=1), "the 1 reply or comment that", "1 reply or comment with such signs stands", "r"),
        (Alerts(comments_grave=1), "the 1 reply or comment that", "1 reply or comment with such signs stands", "c"),
        (
            Alerts(replies_grave=2, comments_grave=3, comments_possible=9, replies_possible=9),
            "the 5 replies and comments that",
            "5 replies and comments with such signs stand",
            "rc",
        ),
    ],
)
def test_replies_and_own_comments_that_may_disclose_are_taken_down_alike(
    alerts: Alerts, what: str, why: str, watched: str
) -> None:
    (card,) = choose(found(alerts=alerts))
    assert what in card.what.replace("\u00a0", " ")
    assert why in card.why.replace("\u00a0", " ")
    assert [kind[0] for kind in card.asked().watched] == [*watched]


@pytest.mark.parametrize(
    ("watched", "alerts", "read", "state", "seen"),
    [
        (("replies",), Alerts(comments_grave=1), True, "not_yet", "comments of yours with such signs in public: 1."),
        (("comments",), Alerts(replies_grave=1, comments_grave=1), True, "not_yet", "signs in public: 2."),
        (("comments",), Alerts(comments_past=1), True, "cannot_tell", "over 90 days old by now"),
        (("replies", "comments"), Alerts(comments_past=1), True, "cannot_tell", "over 90 days old by now"),
        # What was asked of comments does not wait for sites of reviews.
        (("comments",), Alerts(replies_checked=False), False, "done", "No reply or comment of yours"),
        (("replies", "comments"), Alerts(), False, "cannot_tell", "Replies could not be checked"),
        # The reports of before named no kinds.
        ((), Alerts(replies_checked=False), True, "cannot_tell", "Replies could not be checked"),
        ((), Alerts(), True, "done", "No reply or comment of yours"),
    ],
)
def test_what_became_of_own_words_is_told_of_the_kinds_that_were_meant(
    watched: tuple[str, ...], alerts: Alerts, read: bool, state: str, seen: str
) -> None:
    now = found(alerts=alerts) if read else found(site(nights_read=0, last_read=None), alerts=alerts)
    became = follow_up(Asked("take-down", "What we asked.", "", watched), now)
    assert became.state == state
    assert seen in became.seen


def test_a_card_hands_on_what_next_month_looks_at() -> None:
    (card,) = choose(found(waiting=Waiting(4, 9, None, frozenset("abcd"), ("a", "b"))))
    assert card.asked() == Asked("answer-low", card.what, "", ("a", "b"))
    (card,) = choose(FIRES["find-cause"])
    assert card.asked().site == GOOGLE


def test_effects_promise_nothing_and_done_is_one_short_sentence() -> None:
    for entry in LIBRARY:
        assert re.fullmatch(r"Done when [^.]{10,60}\.", entry.done_when)
        assert re.fullmatch(r"[A-Z][^.]{10,70}\.", entry.effect)
        assert not re.search(r"will|guarantee|stars|rating", entry.effect)
