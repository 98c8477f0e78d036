"""A slow, obvious account of what is said in public: every rule of the engagement metrics in plain Python, no SQL."""

from __future__ import annotations

import datetime as dt
import itertools
import statistics
from collections import defaultdict
from fractions import Fraction
from functools import cached_property
from math import sqrt
from typing import Any

from scipy import stats

from pipelines.advice import site_name
from pipelines.periods import add_months
from tests.conversations import DAY, PLATFORMS, Inputs
from tests.histories import Row

OUTSIDE = ("outside", "organisation")
HELPFUL = ("health_information", "community", "recognition", "answer")
TYPES = (*HELPFUL, "promotion", "other")
WEIGHTS = {
    "E1": (25, "9/10"),
    "E2": (20, "2/5"),
    "E3": (15, "2/5"),
    "E4": (15, "1/5"),
    "E5": (15, "4/5"),
    "E6": (10, "2/5"),
}
METRICS = {
    "E1": "answered_share",
    "E2": "depth_share",
    "E3": "came_back_share",
    "E4": "word_of_mouth_share",
    "E5": "helpful_mix_share",
    "E6": "reaching_out_share",
}
NOBODY = "the platforms do not say who speaks"
INVITATIONS = {
    "gating": "gated_invitation",
    "reward": "rewarded_invitation",
    "yelp": "yelp_invitation",
    "wording": "worded_invitation",
}
FAIR = ("open_invitation", "no_invitation")
POSTS_BEFORE = "the posts were scored before this was looked for"
SCORED_BEFORE = "the posts and comments were scored before this was looked for"
WITHOUT_WORDS = "no post or comment with words in a language that is checked"
Key = tuple[str, str, dt.date, str, str]


def midnight(day: dt.date) -> dt.datetime:
    return dt.datetime.combine(day, dt.time(0))


def two_business_days_after(moment: dt.datetime) -> dt.datetime:
    """Walk from day to day; a weekend's hours do not count."""
    while moment.weekday() >= 5:
        moment = midnight(moment.date() + DAY)
    for _ in range(2):
        moment += DAY
        while moment.weekday() >= 5:
            moment += DAY
    return moment


def business_seconds(start: dt.datetime, end: dt.datetime) -> int:
    """Walk from day to day, and add up what lies between 9 and 17 o'clock."""
    seconds, day = 0, start.date()
    while day <= end.date():
        opens, closes = (dt.datetime.combine(day, dt.time(hour)) for hour in (9, 17))
        if day.weekday() < 5 and max(start, opens) < min(end, closes):
            seconds += int((min(end, closes) - max(start, opens)).total_seconds())
        day += DAY
    return seconds


class TalkAccount:
    """One practice of the inputs, as known on the night of the build."""

    def __init__(self, inputs: Inputs, practice_id: str) -> None:
        self.practice_id = practice_id
        self.as_of: dt.date = inputs["build"][0]["as_of_night"]
        self.windows = {row["source"]: row["window_days"] for row in inputs["sources"]}
        self.meanings = {(row["source"], row["metric"]): row["meaning"] for row in inputs["source_metrics"]}
        self.dividers = {row["source"]: row for row in inputs["source_metrics"] if row["divides"]}
        self.visits = [row for row in inputs["completeness"] if row["practice_id"] == practice_id]
        rows = sorted(
            (row for row in inputs["features"] if row["practice_id"] == practice_id), key=lambda row: row["night"]
        )
        self.numbers = [row for row in rows if row["kind"] == "metric"]
        self.kept = {(row["site"], row["night"]) for row in rows}
        versions: dict[tuple[str, str, str], list[Row]] = defaultdict(list)
        for row in rows:
            if row["kind"] != "metric":
                versions[row["site"], row["kind"], row["item_id"]].append(row)
        self.items = {key: self._item(seen) for key, seen in versions.items()}
        for item in self.items.values():
            self._judge(item)
        [practice] = [row for row in inputs["practices"] if row["practice_id"] == practice_id]
        for mark in practice.get("handled_privately") or []:
            meant = [
                item
                for item in self.items.values()
                if item["kind"] in ("review", "post", "comment") and mark["item"] in (item["item_id"], item["url"])
            ]
            if len(meant) == 1:
                meant[0]["handled"] = min(mark["handled_on"], meant[0]["handled"] or mark["handled_on"])

    # What an item is.

    def _item(self, seen: list[Row]) -> Row:
        item = dict(seen[-1])
        item["created_local"] = min(row["created_local"] for row in seen)
        item["created_at"] = min(row["created_at"] for row in seen)
        hidden = [row["night"] for row in seen if row["state"] == "hidden"]
        item["hidden_on"] = min(hidden) if item["state"] == "hidden" else None
        item["removed_on"] = None
        for night in self.complete_nights(item["site"]):
            if night > seen[-1]["night"]:
                window = self.windows[item["source"]]
                reaches = midnight(night) - dt.timedelta(days=(window or 0) - 1)
                if window is None or item["created_at"].replace(tzinfo=None) >= reaches:
                    item["removed_on"] = night
                break
        return item

    def _judge(self, item: Row) -> None:
        item["handled"] = None
        site, acts, names = item["site"], item["acts"] or [], item["mention_keys"] or []
        item["thread"] = {"post": item["item_id"], "share": item["parent_id"]}.get(item["kind"], item["thread_id"])
        post = self.items.get((site, "post", item["thread"]))
        parent = self.items.get((site, "post", item["parent_id"])) or self.items.get(
            (site, "comment", item["parent_id"])
        )
        item["post"], item["parent"] = post, parent
        item["outside"] = item["voice"] in OUTSIDE
        item["own_page"] = post is not None and post["voice"] == "practice"
        item["to_practice"] = (
            item["own_page"]
            or (parent is not None and parent["voice"] == "practice")
            or item["matched"] is not None
            or "practice" in names
        )
        item["mute"] = item["kind"] == "comment" and (not item["has_text"] or item["emoji_only"])
        item["contest"] = "contest" in acts or (post is not None and "contest" in (post["acts"] or []))
        item["worthless"] = item["mute"] or item["contest"] or "spam" in acts
        item["person"] = None
        if item["voice"] == "practice":
            item["person"] = "practice"
        elif item["author_key"]:
            item["person"] = f"{site} {item['author_key']}"
        item["names_account"] = item["matched"] == "handle" or "practice" in names
        # A name that a network writes by itself below the practice's words is no address.
        among_ours = item["own_page"] or (parent is not None and parent["voice"] == "practice")
        item["addresses"] = item["matched"] == "handle" or ("practice" in names and not among_ours)
        item["calls"] = item["kind"] != "share" and ("question" in acts or "complaint" in acts or item["addresses"])
        item["advocates"] = item["kind"] == "share" or "advocacy" in acts
        item["names"] = [name for name in set(names) if name != "practice"]

    @cached_property
    def copies(self) -> set[tuple[str, str, str]]:
        """What had been said before by the end of the month in which it was said."""
        made = set()
        for month in sorted({item["created_local"].date().replace(day=1) for item in self.items.values()}):
            for item in Month(self, month).window:
                if item["copy"] and item["created_local"].date() >= month:
                    made.add((item["site"], item["kind"], item["item_id"]))
        return made

    # What is known of a month.

    def complete_nights(self, site: str) -> list[dt.date]:
        return sorted(
            row["night"]
            for row in self.visits
            if row["site"] == site and row["complete"] and ((site, row["night"]) in self.kept or row["fetched"] == 0)
        )

    def sites(self) -> list[str]:
        return sorted({row["site"] for row in self.visits})

    def source(self, site: str) -> str:
        return str(next(row["source"] for row in self.visits if row["site"] == site))

    def months(self, site: str) -> list[dt.date]:
        days = [min(row["night"] for row in self.visits if row["site"] == site) - DAY]
        days += [item["created_local"].date() for item in self.items.values() if item["site"] == site]
        months = [min(days).replace(day=1)]
        while add_months(months[-1], 1) <= self.as_of:
            months.append(add_months(months[-1], 1))
        return months

    def uncovered(self, site: str, month: dt.date) -> str | None:
        end = min(add_months(month, 1), self.as_of)
        read = max((r["night"] for r in self.visits if r["site"] == site and r["status"] == "ok"), default=None)
        complete = self.complete_nights(site)
        if read is None:
            return "never read"
        if read < end:
            return f"last read on {read}"
        if not complete:
            return "no complete list has been read"
        if complete[-1] < end - 8 * DAY:
            return f"last complete list read on {complete[-1]}"
        known = self.known_from(site)
        return f"not known before {known}" if known and known > add_months(month, 1) - 90 * DAY else None

    def known_from(self, site: str) -> dt.date | None:
        window = self.windows[self.source(site)]
        return self.complete_nights(site)[0] - dt.timedelta(days=window) if window else None

    def past_is_known(self, site: str, month: dt.date) -> bool:
        start, end = add_months(month, 1) - 180 * DAY, add_months(month, 1) - DAY
        known = self.known_from(site)
        return start.year == end.year and (known is None or known <= start)

    def can_reply(self, site: str) -> bool:
        here = [row for row in self.visits if row["site"] == site and row["status"] == "ok"]
        return bool(here) and bool(max(here, key=lambda row: row["night"])["can_reply"])

    def figures(self) -> dict[Key, Row]:
        told: dict[Key, Row] = {}
        for month in sorted({month for site in self.sites() for month in self.months(site)}):
            for (metric, part), figure in Month(self, month).figures().items():
                told[self.practice_id, "", month, metric, part] = figure
        return told

    def unsafe_comments(self) -> list[Row]:
        """Return the practice's own comments that somebody should look at, each with the nearest link to it."""
        return [
            {
                "practice_id": self.practice_id,
                "site": item["site"],
                "item_id": item["item_id"],
                "month": item["created_local"].date().replace(day=1),
                "written_on": item["created_local"].date(),
                "severity": item["disclosure_severity"],
                "url": item["url"] or (item["post"]["url"] if item["post"] else None),
                "stands": not item["removed_on"],
            }
            for item in self.items.values()
            if item["kind"] == "comment" and item["voice"] == "practice" and not item["mute"]
            if item["disclosure"] == "pattern"
        ]


class Month:
    """The figures of one month."""

    def __init__(self, account: TalkAccount, month: dt.date) -> None:
        self.account, self.month, self.after = account, month, add_months(month, 1)
        sites = [site for site in account.sites() if month in account.months(site)]
        self.why = {site: account.uncovered(site, month) for site in sites}
        self.sites = [site for site in sites if not self.why[site]]
        left = [(site, why) for site, why in self.why.items() if why]
        self.left_out = "without " + ", ".join(f"{site_name(site)} ({why})" for site, why in left) if left else None
        self.blocked = None if self.sites else "; ".join(f"{site_name(site)}: {why}" for site, why in left)
        self.cutoff = midnight(min(self.after, account.as_of))
        start, past = midnight(self.after) - 90 * DAY, midnight(self.after) - 180 * DAY
        here = [item for item in account.items.values() if item["site"] in self.sites]
        here = [item for item in here if not item["removed_on"] or item["removed_on"] >= month]
        self.window = self._once([dict(item) for item in here if start <= item["created_local"] < self.cutoff])
        self.past = self._once([dict(item) for item in here if past <= item["created_local"] < min(start, self.cutoff)])
        self.standing = [item for item in self.window if item["stands"]]

    def _once(self, items: list[Row]) -> list[Row]:
        seen = set()
        for item in sorted(items, key=lambda item: (item["created_local"], item["item_id"])):
            item["stands"] = not item["removed_on"] or item["removed_on"] >= self.after
            said = [item[name] for name in ("stands", "site", "kind", "contest", "to_practice", "text_key")]
            words = (*said, item["author_key"] or item["thread"])
            item["copy"] = item["text_key"] is not None and words in seen
            seen.add(words)
            item["voices"] = item["outside"] and not item["worthless"] and not item["copy"]
            item["counts"] = item["voices"] and item["to_practice"] and item["stands"]
        return items

    def people(self, items: list[Row]) -> set[str]:
        return {item["person"] for item in items if item["counts"] and item["person"]}

    def unnamed(self, items: list[Row]) -> int:
        return sum(item["counts"] and not item["person"] for item in items)

    def posts(self) -> list[Row]:
        return [item for item in self.standing if item["kind"] == "post" and item["voice"] == "practice"]

    # The six parts.

    def calls(self) -> list[tuple[Row, dt.datetime | None, int | None]]:
        """Every call for an answer in public, when it was answered safely, and after how many seconds."""
        return [(item, *self._answer(item)) for item in self._calling() if not self._handled(item)]

    def _calling(self) -> list[Row]:
        return [
            item
            for item in self.window
            if item["voices"] and item["to_practice"] and item["calls"] and self.account.can_reply(item["site"])
        ]

    def _handled(self, item: Row) -> bool:
        return bool(item["handled"] and item["handled"] < self.after)

    def _answer(self, item: Row) -> tuple[dt.datetime | None, int | None]:
        answers = []
        for reply in self.window:
            if reply["kind"] != "comment" or reply["voice"] != "practice" or reply["site"] != item["site"]:
                continue
            if reply["thread"] != item["thread"] or reply["created_local"] < item["created_local"]:
                continue
            if reply["mute"] or reply["disclosure"] == "pattern":
                continue
            directly = reply["parent_id"] == item["item_id"]
            beside = reply["parent_id"] == item["parent_id"] != item["thread"]
            by_name = item["author_key"] and item["author_key"] in (reply["mention_keys"] or [])
            went_with_it = item["removed_on"] and reply["removed_on"] and item["removed_on"] <= reply["removed_on"]
            if (directly or beside or by_name) and (reply["stands"] or went_with_it):
                answers.append(reply)
        if not answers:
            return None, None
        seconds = (min(reply["created_at"] for reply in answers) - item["created_at"]).total_seconds()
        return min(reply["created_local"] for reply in answers), max(0, int(seconds))

    def answered(self) -> tuple[int, int]:
        successes = trials = 0
        for item, answered, _ in self.calls():
            due = two_business_days_after(item["created_local"])
            if answered is None and due > self.cutoff:
                continue
            trials += 1
            successes += answered is not None and answered <= due
        return successes, trials

    def threads(self) -> dict[tuple[str, str], list[Row]]:
        """What people outside and the practice said, by thread."""
        threads = defaultdict(list)
        for item in self.standing:
            said = item["counts"] or (item["voice"] == "practice" and not item["mute"])
            if item["kind"] == "comment" and said:
                threads[item["site"], item["thread"]].append(item)
        return threads

    def depth(self) -> tuple[int, int, int]:
        deep = known = unknown = 0
        for said in self.threads().values():
            outside = [item for item in said if item["counts"]]
            ours = [item for item in said if item["voice"] == "practice"]
            if not (said[0]["own_page"] or ours) or not any("substantive" in item["acts"] for item in outside):
                continue
            if any(item["person"] is None for item in outside):
                unknown += 1
                continue
            known += 1
            turns = self._turns(said)
            twice = any(turns.count(person) >= 2 for person in turns if person != "practice")
            together = any(
                item["parent"]
                and item["parent"]["outside"]
                and item["parent"]["author_key"]
                and item["parent"]["author_key"] != item["author_key"]
                for item in outside
            )
            safe = not any(item["disclosure"] == "pattern" for item in ours)
            deep += len(turns) >= 3 and (twice or together) and safe
        return deep, known, unknown

    def _turns(self, said: list[Row]) -> list[str]:
        """Who spoke in turn, the author of the post first."""
        said.sort(key=lambda item: (item["created_local"], item["item_id"]))
        post = said[0]["post"]
        speakers = [item["person"] for item in said]
        if post is not None and post["voice"] != "team" and post["to_practice"]:
            speakers.insert(0, post["person"] or "nobody known")
        return [speakers[0]] + [now for before, now in itertools.pairwise(speakers) if now != before]

    def turns(self) -> dict[tuple[str, str], Row]:
        both = [
            said
            for said in self.threads().values()
            if any(item["counts"] for item in said) and any(item["voice"] == "practice" for item in said)
        ]
        told = [said for said in both if not any(item["counts"] and item["person"] is None for item in said)]
        lengths = [len(self._turns(said)) for said in told]
        blocked = self.blocked or (NOBODY if both and not told else None)
        lost = f"{len(both) - len(told)} could not be told" if len(told) < len(both) else None
        note = "; ".join(filter(None, (self.left_out, lost))) or None
        made = {}
        for part, average in (("mean", statistics.fmean), ("median", statistics.median)):
            if blocked:
                row = figure("not_measured", None, None, None, None, len(told), blocked)
            elif len(told) < 5:
                row = figure("too_few", None, None, None, sum(lengths), len(told), note)
            else:
                row = figure("value", average(lengths), None, None, sum(lengths), len(told), note)
            made["conversation_turns", part] = row
        answered = returned = 0
        for said in self.threads().values():
            answers = [item["created_local"] for item in said if self._answers_somebody(item)]
            if answers:
                answered += 1
                returned += any(item["counts"] and item["created_local"] > min(answers) for item in said)
        made["returned_after_answer_share", ""] = share(returned, answered, self.left_out, self.blocked)
        return made

    @staticmethod
    def _answers_somebody(item: Row) -> bool:
        ours = item["kind"] == "comment" and item["voice"] == "practice" and not item["mute"]
        return bool(ours and item["parent"] and item["parent"]["outside"])

    def asking(self) -> Row:
        posts = self.posts()
        looked_at = [post for post in posts if {"question", "no_question"} & set(post["acts"] or [])]
        asking = [p for p in looked_at if "question" in p["acts"] and p["content_type"] != "promotion"]
        below = {(item["site"], item["thread"]) for item in self.standing if self._answers_somebody(item)}
        stayed = sum((post["site"], post["item_id"]) in below for post in asking)
        why = None
        if posts and not looked_at:
            judged = any(post["sentiment"] not in (None, "not_checked") for post in posts)
            why = POSTS_BEFORE if judged else "no post with words in a language that is checked"
        return share(stayed, len(asking), self.left_out, self.blocked or why)

    def acts(self) -> tuple[int, int]:
        outward: dict[str, bool] = {}
        for item in self.standing:
            if item["voice"] != "practice" or item["mute"]:
                continue
            theirs = item["post"] is not None and not item["own_page"]
            reaches = (
                (item["kind"] == "comment" and theirs)
                or (item["kind"] == "share" and not item["own_page"])
                or (item["kind"] != "share" and item["place"] is not None)
                or (item["kind"] == "post" and bool(item["names"]))
            )
            act = item["text_key"] or f"{item['site']} {item['item_id']}"
            outward[act] = outward.get(act, False) or reaches
        return sum(outward.values()), len(outward)

    def parts(self) -> dict[str, tuple[int, int, int, str | None]]:
        """For each part: successes, trials, how many could not be told, and why it is not known."""
        told: dict[str, tuple[int, int, int, str | None]] = {}
        can_reply = any(self.account.can_reply(site) for site in self.sites)
        told["E1"] = (*self.answered(), 0, None if can_reply else "answers cannot be read on these platforms")
        deep, threads, unknown = self.depth()
        told["E2"] = (deep, threads, unknown, NOBODY if unknown and not threads else None)
        known = [site for site in self.sites if self.account.past_is_known(site, self.month)]
        past = [item for item in self.past if item["site"] in known]
        before, now = self.people(past), self.people(self.window)
        lost = self.unnamed(past)
        why = NOBODY if lost and not before else None
        told["E3"] = (len(before & now), len(before), lost, why if known else "the 90 days before are not known")
        speaking = self.people([item for item in self.window if item["advocates"]])
        lost = self.unnamed(self.window)
        told["E4"] = (len(speaking), len(now), lost, NOBODY if lost and not now else None)
        types = [post["content_type"] for post in self.posts()]
        coded = [kind for kind in types if kind]
        why = "no post could be coded" if types and not coded else None
        told["E5"] = (sum(kind in HELPFUL for kind in coded), len(coded), len(types) - len(coded), why)
        told["E6"] = (*self.acts(), 0, None)
        if self.blocked:
            return {part: (0, 0, counts[2], self.blocked) for part, counts in told.items()}
        return {part: counts if not counts[3] else (0, 0, *counts[2:]) for part, counts in told.items()}

    # The figures.

    def figures(self) -> dict[tuple[str, str], Row]:
        told: dict[tuple[str, str], Row] = {}
        parts = self.parts()
        for part, (successes, trials, missing, why) in parts.items():
            notes = [self.left_out, f"{missing} could not be told" if missing else None]
            handled = sum(map(self._handled, self._calling())) if part == "E1" else 0
            notes.append(f"{handled} handled privately" if handled else None)
            told[METRICS[part], ""] = share(successes, trials, "; ".join(filter(None, notes)) or None, why)
        told["engagement_score", ""] = self.score(parts)
        for part, share_left, fewest in (("", Fraction(1, 2), 5), ("nine of ten", Fraction(1, 10), 10)):
            told["talk_reply_hours", part] = self.hours(parts["E1"][3], share_left, fewest)
            in_business = ", ".join(filter(None, ("business hours", part)))
            told["talk_reply_hours", in_business] = self.hours(parts["E1"][3], share_left, fewest, in_business=True)
        told |= self.per_post() | self.rates()
        acts: dict[str, int] = defaultdict(int)
        for item in self.window:
            if item["counts"] and item["person"] and item["advocates"]:
                acts[item["person"]] += 1
        told["repeat_advocates", ""] = count(
            sum(number >= 2 for number in acts.values()) if not parts["E4"][3] else 0,
            len(self.people(self.window)),
            parts["E4"][3] or self.left_out,
        )
        now = self.people(self.window) if not self.blocked else set()
        known = [item for item in self.past if self.account.past_is_known(item["site"], self.month)]
        told["participants", ""] = count(len(now), len(now), parts["E4"][3] or self.left_out)
        told["participants", "seen before"] = count(
            len(now & self.people(known)), len(now), parts["E3"][3] or self.left_out
        )
        told["reciprocity", ""] = self.reciprocity()
        told["organisations_exchanged", ""] = self.organisations()
        comments = [
            item
            for item in self.standing
            if item["kind"] == "comment" and item["own_page"] and item["outside"] and "spam" not in item["acts"]
        ]
        real = [item for item in comments if item["counts"] and "substantive" in item["acts"]]
        told["comment_quality_share", ""] = share(len(real), len(comments), self.left_out, self.blocked)
        types = [post["content_type"] or "not coded" for post in self.posts()]
        for kind in (*TYPES, "not coded"):
            told["post_mix", kind] = count(types.count(kind), len(types), self.blocked or self.left_out)
        told |= self.of_health() | self.invitations()
        told |= self.communities()
        told |= self.requests()
        ours = [i for i in self.standing if i["voice"] == "practice"]
        replies = [i for i in ours if self._answers_somebody(i)]
        acts_of_talk = len(replies) + sum(i["kind"] == "post" for i in ours)
        told |= self.turns() | self.hidden() | self.unsafe() | self.of_the_year()
        told["asked_and_stayed", ""] = self.asking()
        told["dialogue_share", ""] = share(len(replies), acts_of_talk, self.left_out, self.blocked)
        said = [i for i in self.window if i["voices"] and i["to_practice"] and self.account.can_reply(i["site"])]
        questions = [i for i in said if i["kind"] != "share" and "question" in i["acts"]]
        worth = {"question", "request", "complaint", "thanks"}
        worth_a_reply = [i for i in said if i["kind"] == "comment" and worth & set(i["acts"])]
        told["questions_answered_share", ""] = self.within_a_week(questions, parts["E1"][3])
        told["replied_share", ""] = self.within_a_week(worth_a_reply, parts["E1"][3])
        told["broadcast_only_posts", ""] = self.broadcasts(parts["E1"][3])
        told["seen_before_share", ""] = self.seen_before(parts["E3"][3])
        return told | self.questions(parts["E1"][3])

    def of_health(self) -> dict[tuple[str, str], Row]:
        blocked = self.blocked or self.left_out
        grades = [post["reading_grade"] for post in self.posts() if post["content_type"] == "health_information"]
        told = {
            "not graded": sum(grade is None for grade in grades),
            "plain": sum(grade is not None and grade <= 8 for grade in grades),
            "hard": sum(grade is not None and grade > 8 for grade in grades),
        }
        found = {("health_posts_by_grade", part): count(number, len(grades), blocked) for part, number in told.items()}
        screened = [set(p["acts"] or []) for p in self.posts() if p["content_type"] == "health_information"]
        sourced = {"names_its_source", "names_no_source"}
        for part, yes, no in (
            ("understandable", "understandable", {"hard_to_understand"}),
            ("what to do", "says_what_to_do", {"understandable", "hard_to_understand"}),
            ("in steps", "in_steps", {"not_in_steps"}),
            ("source named", "names_its_source", sourced),
            ("pictures described", "pictures_described", {"pictures_not_described"}),
        ):
            # What says neither was not asked.
            asked = [acts for acts in screened if acts & {yes, *no}]
            why = None
            if screened and not asked:
                why = "no post is known to hold pictures" if part == "pictures described" else POSTS_BEFORE
                if part == "in steps" and any(acts & sourced for acts in screened):
                    why = "no post says what to do"
            number = sum(yes in acts for acts in asked)
            found["useful_health_posts", part] = count(number, len(asked), self.blocked or why or self.left_out)
        judged = [i for i in self.standing if i["clinical_claim"] is not None and "spam" not in (i["acts"] or [])]
        judged = [i for i in judged if not self.is_opening(i)]
        for part in ("own", "others"):
            claims = [i["clinical_claim"] for i in judged if (i["voice"] == "practice") == (part == "own")]
            found["clinical_claims", part] = count(sum(claims), len(claims), blocked)
        return found

    def invitations(self) -> dict[tuple[str, str], Row]:
        texts = [item for item in self.standing if item["voice"] == "practice" and item["kind"] != "share"]
        asked = [acts for acts in (set(text["acts"] or []) for text in texts) if acts & {*INVITATIONS.values(), *FAIR}]
        why = None
        if texts and not asked:
            judged = any(text["sentiment"] not in (None, "not_checked") for text in texts)
            why = SCORED_BEFORE if judged else WITHOUT_WORDS
        return {
            ("review_invitations", part): count(
                sum(act in acts for acts in asked), len(asked), self.blocked or why or self.left_out
            )
            for part, act in INVITATIONS.items()
        }

    def of_the_year(self) -> dict[tuple[str, str], Row]:
        spoken: dict[str | None, list[dt.date]] = defaultdict(list)
        for key, item in self.account.items.items():
            said, stands = item["created_local"], not item["removed_on"] or item["removed_on"] >= self.after
            if item["site"] not in self.sites or not stands or said.year != self.month.year or said >= self.cutoff:
                continue
            speaks = item["kind"] != "share" and item["advocates"] and item["outside"] and item["to_practice"]
            if speaks and not item["worthless"] and key not in self.account.copies:
                spoken[item["person"]].append(said.date())
        unnamed = len(spoken.pop(None, []))
        acts = [(len(days), sum(day < self.month for day in days)) for days in spoken.values()]
        told = {
            "": sum(every >= 2 for every, _ in acts),
            "new": sum(every >= 2 > before for every, before in acts),
            "returning": sum(every > before >= 2 for every, before in acts),
        }
        january = self.month.replace(month=1)
        known = [day for site in self.sites if (day := self.account.known_from(site)) and day > january]
        notes = [
            "since January, as nobody is known again from one year to the next" if self.month.month < 12 else None,
            f"not known before {max(known)}" if known else None,
            f"{unnamed} could not be told" if unnamed else None,
            self.left_out,
        ]
        why = self.blocked or "; ".join(filter(None, notes)) or None
        few = figure("too_few", None, None, None, None, len(acts), "fewer than three people")
        return {
            ("advocates_of_the_year", part): few if number in (1, 2) else count(number, len(acts), why)
            for part, number in told.items()
        }

    def unsafe(self) -> dict[tuple[str, str], Row]:
        ours = [i for i in self.standing if i["kind"] == "comment" and i["voice"] == "practice" and not i["mute"]]
        checked = [i for i in ours if i["disclosure"] not in (None, "not_checked")]
        found = [i["disclosure_severity"] for i in checked if i["disclosure"] == "pattern"]
        why = "no comment in a language that is checked" if ours and not checked else None
        return {
            ("own_comments_to_look_at", part): count(
                found.count(part), len(checked), self.blocked or why or self.left_out
            )
            for part in ("critical", "high", "caution")
        }

    def hidden(self) -> dict[tuple[str, str], Row]:
        telling = {each.site for each in PLATFORMS if each.tells_hidden} & set(self.sites)
        comments = [i for i in self.window if i["kind"] == "comment" and i["own_page"] and i["outside"]]
        told = [item for item in comments if item["site"] in telling]
        hidden = [i for i in told if i["hidden_on"] and self.month <= i["hidden_on"] < self.after]
        spam = sum("spam" in item["acts"] for item in hidden)
        untold = None if telling else "the platforms do not say what is hidden"
        blocked = self.blocked or untold or self.left_out
        vanished = sum(not item["stands"] for item in comments)
        return {
            ("hidden_comments", "hidden"): count(len(hidden) - spam, len(told), blocked),
            ("hidden_comments", "hidden spam"): count(spam, len(told), blocked),
            ("hidden_comments", "vanished"): count(vanished, len(comments), self.blocked or self.left_out),
        }

    def questions(self, blocked: str | None) -> dict[tuple[str, str], Row]:
        by_whom = []
        for item, answered, _ in self.calls():
            if "question" not in item["acts"]:
                continue
            below = [
                other
                for other in self.standing
                if other["kind"] == "comment"
                and (other["site"], other["parent_id"]) == (item["site"], item["item_id"])
                and not other["mute"]
                and not (other["person"] and other["person"] == item["person"])
            ]
            team = any(other["voice"] == "team" for other in below)
            others = any(other["voices"] for other in below)
            by_whom.append("practice" if answered else "team" if team else "others" if others else "nobody")
        blocked = blocked or self.left_out
        return {
            ("questions_by_answer", who): count(by_whom.count(who), len(by_whom), blocked)
            for who in ("practice", "team", "others", "nobody")
        }

    def within_a_week(self, asked: list[Row], blocked: str | None) -> Row:
        handled = sum(map(self._handled, asked))
        old = [i for i in asked if not self._handled(i) and self.cutoff - i["created_local"] >= 7 * DAY]
        seconds = [self._answer(item)[1] for item in old]
        quick = sum(each is not None and each <= 7 * 86400 for each in seconds)
        notes = [self.left_out, f"{handled} handled privately" if handled else None]
        return share(quick, len(old), "; ".join(filter(None, notes)) or None, blocked)

    def broadcasts(self, blocked: str | None) -> Row:
        silent = []
        for post in self.posts():
            here = (post["site"], post["item_id"])
            asked = [item for item in self._calling() if (item["site"], item["thread"]) == here]
            heard = [bool(self._answer(item)[0]) for item in asked]
            due = any(
                not self._handled(item) and (was_heard or two_business_days_after(item["created_local"]) <= self.cutoff)
                for item, was_heard in zip(asked, heard, strict=True)
            )
            spoke = any(self._answers_somebody(i) for i in self.standing if (i["site"], i["thread"]) == here)
            if due:
                silent.append(not any(heard) and not spoke)
        return count(sum(silent), len(silent), blocked or self.left_out)

    def seen_before(self, blocked: str | None) -> Row:
        known = [site for site in self.sites if self.account.past_is_known(site, self.month)]
        now = self.people([item for item in self.window if item["site"] in known])
        before = self.people([item for item in self.past if item["site"] in known])
        unnamed, everybody = self.unnamed(self.window), self.people(self.window)
        untold = unnamed + len(everybody - now)
        notes = [self.left_out, f"{untold} could not be told" if untold else None]
        blocked = blocked or (NOBODY if unnamed and not everybody else None)
        return share(len(now & before), len(now), "; ".join(filter(None, notes)) or None, blocked)

    def score(self, parts: dict[str, tuple[int, int, int, str | None]]) -> Row:
        people, acts = len(self.people(self.window)), self.acts()[1]
        if self.blocked:
            return figure("not_measured", None, None, None, None, people, self.blocked)
        if people < 8 and self.unnamed(self.window):
            return figure("not_measured", None, None, None, None, people, "too few platforms say who speaks")
        if people < 8 or acts < 8:
            return figure("too_few", None, None, None, acts, people, "too little activity to score")
        total, variance = Fraction(0), Fraction(0)
        for part, (points, target) in WEIGHTS.items():
            share_ = (Fraction(target) + parts[part][0]) / (2 + parts[part][1])
            total += points * min(Fraction(1), share_ / Fraction(target))
            variance += (points / Fraction(target)) ** 2 * share_ * (1 - share_) / (3 + parts[part][1])
        half = stats.norm.ppf(0.975) * sqrt(variance)
        unknown = "; ".join(f"{part}: {counts[3]}" for part, counts in parts.items() if counts[3])
        why = "; ".join(filter(None, [f"not known for {unknown}" if unknown else None, self.left_out]))
        low, high = max(0.0, float(total) - half), min(100.0, float(total) + half)
        return figure("value", float(total), low, high, acts, people, why or None)

    def hours(self, blocked: str | None, share_left: Fraction, fewest: int, *, in_business: bool = False) -> Row:
        calls = self.calls()
        waits = [seconds for _, _, seconds in calls if seconds is not None]
        watched = [int((self.cutoff - item["created_local"]).total_seconds()) for item, _, s in calls if s is None]
        if in_business:
            waits = [business_seconds(item["created_local"], answered) for item, answered, _ in calls if answered]
            watched = [business_seconds(item["created_local"], self.cutoff) for item, _, s in calls if s is None]
        if blocked:
            return figure("not_measured", None, None, None, None, len(calls), blocked)
        if len(calls) < fewest:
            return figure("too_few", None, None, None, len(waits), len(calls), self.left_out)
        left = Fraction(1)
        for time in sorted(set(waits)):
            at_risk = sum(t >= time for t in waits) + sum(t >= time for t in watched)
            left *= Fraction(at_risk - waits.count(time), at_risk)
            if left <= share_left:
                return figure(
                    "value" if time else "zero", time / 3600, None, None, len(waits), len(calls), self.left_out
                )
        why = f"more than {'half' if share_left == Fraction(1, 2) else 'one in ten'} not answered yet"
        return figure("not_measured", None, None, None, len(waits), len(calls), why)

    def per_post(self) -> dict[tuple[str, str], Row]:
        told: dict[tuple[str, str], Row] = {}
        counted: dict[str, dict[str, tuple[int, int, str | None, str | None]]] = defaultdict(dict)
        for site, why in self.why.items():
            posts = [post for post in self.posts() if post["site"] == site]
            here = [item for item in self.standing if item["site"] == site]
            comments = [
                item
                for item in here
                if item["kind"] == "comment" and item["counts"] and item["own_page"] and "substantive" in item["acts"]
            ]
            counted["conversation_per_post"][site] = (len(comments), len(posts), None, why)
            shares = [item for item in here if item["kind"] == "share"]
            told_of: tuple[int, int, str | None, str | None]
            numbers = self.numbers(posts, "shares")
            if shares:
                theirs = [item for item in shares if item["counts"] and item["own_page"]]
                told_of = (len(theirs), len(posts), None, why)
            elif numbers:
                told_of = (sum(numbers), len(numbers), "as the platform counts, whoever shared", why)
            else:
                told_of = (0, 0, None, why or ("shares are not shown" if posts else None))
            counted["amplification_per_post"][site] = told_of
            likes = self.numbers(posts, "likes")
            hidden = "likes are not shown" if posts and not likes else None
            counted["applause_per_post"][site] = (sum(likes), len(likes), None, why or hidden)
        for metric, sites in counted.items():
            for site, (number, posts_, reason, why) in sites.items():
                told[metric, site] = per_post(number, posts_, reason, why)
            known = [each for each in sites.values() if not each[3]]
            missing = [f"{site_name(site)} ({each[3]})" for site, each in sites.items() if each[3]]
            blocked = None if known else "; ".join(f"{site_name(site)}: {each[3]}" for site, each in sites.items())
            without = "without " + ", ".join(missing) if missing else None
            told[metric, ""] = per_post(sum(e[0] for e in known), sum(e[1] for e in known), without, blocked)
        return told

    def rates(self) -> dict[tuple[str, str], Row]:
        told: dict[tuple[str, str], Row] = {}
        for site, why in self.why.items():
            source = self.account.source(site)
            divider = self.account.dividers.get(source)
            posts = [post for post in self.posts() if post["site"] == site]
            kinds = [[self.numbers([post], kind) for kind in ("likes", "comments", "shares")] for post in posts]
            counted = [(post, sum(map(sum, found))) for post, found in zip(posts, kinds, strict=True) if any(found)]
            rated: list[tuple[int, int]] = []
            for post, number in counted:
                if divider and divider["meaning"] == "followers":
                    by = self.of_account(site, divider["metric"])
                else:
                    by = sum(self.numbers([post], divider["meaning"])) if divider else 0
                rated += [(number, by)] if by else []
            if not why and not divider:
                why = "the platform gives nothing to divide by"
            elif not why and posts and not counted:
                why = "interactions are not shown"
            elif not why and posts and not rated:
                why = f"no {divider and divider['meaning']} to divide by are known"
            part = f"{site} by {divider['meaning']}" if divider else site
            total, size = sum(number for number, _ in rated), len(rated)
            if why:
                told["engagement_rate", part] = figure("not_measured", None, None, None, None, size, why)
            elif size < 10:
                told["engagement_rate", part] = figure("too_few", None, None, None, total, size, None)
            else:
                middle = statistics.median(number / by for number, by in rated)
                state = "value" if middle else "zero"
                told["engagement_rate", part] = figure(state, middle, None, None, total, size, None)
        return told

    def of_account(self, site: str, metric: str) -> int:
        """What was last counted of the account in the month, or nothing."""
        return next(
            (
                int(row["value"])
                for row in reversed(self.account.numbers)
                if (row["site"], row["metric"], row["parent_id"]) == (site, metric, None)
                and self.month < row["night"] <= self.after
            ),
            0,
        )

    def numbers(self, posts: list[Row], meaning: str) -> list[int]:
        """What was last counted of each post by the end of the month, without those of which nothing was."""
        found = []
        for post in posts:
            newest: dict[str, int] = {}
            for row in self.account.numbers:
                if (
                    row["site"] == post["site"]
                    and row["parent_id"] == post["item_id"]
                    and row["night"] <= self.after
                    and row["value"] is not None
                    and self.account.meanings.get((row["source"], row["metric"])) == meaning
                ):
                    newest[row["metric"]] = row["value"]
            if newest:
                found.append(sum(newest.values()))
        return found

    def reciprocity(self) -> Row:
        outgoing = sum(len(item["names"]) for item in self.standing if item["voice"] == "practice")
        incoming = sum(item["counts"] and item["names_account"] for item in self.standing)
        why = self.blocked or (NOBODY if self.unnamed(self.window) and not self.people(self.window) else None)
        if why:
            return figure("not_measured", None, None, None, None, incoming, why)
        if incoming < 5:
            return figure("too_few", None, None, None, outgoing, incoming, self.left_out)
        state = "value" if outgoing else "zero"
        return figure(state, outgoing / incoming, None, None, outgoing, incoming, self.left_out)

    def organisations(self) -> Row:
        theirs = [i for i in self.standing if i["voice"] == "organisation" and not self.is_opening(i)]
        ours = [item for item in self.standing if item["voice"] == "practice"]
        both, everyone = 0, {(item["site"], item["author_key"]) for item in theirs if item["author_key"]}
        for site, key in everyone:
            spoke = any(item["counts"] for item in theirs if (item["site"], item["author_key"]) == (site, key))
            answered = any(
                key in item["names"]
                or (
                    item["parent"] is not None
                    and item["parent"]["voice"] == "organisation"
                    and item["parent"]["author_key"] == key
                )
                for item in ours
                if item["site"] == site
            )
            both += spoke and answered
        unnamed = NOBODY if any(not item["author_key"] for item in theirs) else None
        return count(both, len(everyone), self.blocked or unnamed or self.left_out)

    @staticmethod
    def is_opening(item: Row) -> bool:
        """Somebody's post above what names the practice, which does not name it itself."""
        return bool(item["kind"] == "post" and not item["to_practice"])

    def communities(self) -> dict[tuple[str, str], Row]:
        named = [
            item
            for item in self.standing
            if item["counts"] and item["kind"] != "share" and item["place"] and item["matched"]
        ]
        why = self.blocked or self.left_out
        told = {("community_mentions", ""): count(len(named), len(named), why)}
        sides = [i["acts"] for i in named if "advocacy" in i["acts"] or "discouragement" in i["acts"]]
        for_it = sum("advocacy" in acts for acts in sides)
        told["community_recommend_share", ""] = share(for_it, len(sides), self.left_out, self.blocked)
        for place in {item["place"] for item in named}:
            here = [item["acts"] for item in named if item["place"] == place]
            kinds = {
                "recommend": sum("advocacy" in acts for acts in here),
                "discourage": sum("discouragement" in acts for acts in here),
                "mentions": len(here),
            }
            for kind, number in kinds.items():
                told["community_mentions", f"{place}/{kind}"] = count(number, number, why)
        return told

    def requests(self) -> dict[tuple[str, str], Row]:
        said = [i for i in self.standing if i["place"] and i["thread"] and i["kind"] != "share"]
        said = [i for i in said if not i["mute"] and "spam" not in (i["acts"] or [])]
        looked_at = [i["acts"] or [] for i in said if i["voices"]]
        blocked = self.blocked
        if not blocked and not looked_at:
            blocked = "no community is read, or nothing was said there"
        elif not blocked and not any(act.startswith("asks_") for acts in looked_at for act in acts):
            blocked = "what was said in communities was not looked at for this"
        threads = defaultdict(list)
        for item in sorted(said, key=lambda i: (i["kind"] != "post", i["created_local"], i["item_id"])):
            threads[item["site"], item["thread"]].append(item)
        by_whom, answered = [], 0
        for items in threads.values():
            asks = [i["voices"] and "asks_recommendation" in i["acts"] for i in items]
            if not any(asks):
                continue
            first = asks.index(True)
            asker = items[first]["person"]
            naming = [i for i in items[first:] if i["voice"] == "practice" or i["matched"] or i["names_account"]]
            if not naming:
                continue
            others = [i for i in naming if i is not items[first] and not (asker and i["person"] == asker)]
            voice = others[0]["voice"] if others else "asker"
            by_whom.append("others" if voice in OUTSIDE else voice)
            answered += any(
                i["kind"] == "comment" and i["voice"] in ("practice", "team") and i["disclosure"] != "pattern"
                for i in items[first:]
            )
        told = {who: by_whom.count(who) for who in ("others", "team", "practice", "asker")} | {"answered": answered}
        return {
            ("recommendation_requests", part): count(number, len(by_whom), blocked or self.left_out)
            for part, number in told.items()
        }


def figure(
    state: str, value: float | None, low: float | None, high: float | None, k: int | None, n: int, why: str | None
) -> Row:
    return {"state": state, "value": value, "low": low, "high": high, "numerator": k, "sample_size": n, "reason": why}


def count(number: int, size: int, why: str | None) -> Row:
    if number == 0 and why:
        return figure("not_measured", None, None, None, None, size, why)
    return figure("value" if number else "zero", number, None, None, number, size, why)


def share(k: int, n: int, reason: str | None, blocked: str | None) -> Row:
    if blocked:
        return figure("not_measured", None, None, None, None, n, blocked)
    if n < 10:
        return figure("too_few", None, None, None, k, n, reason)
    bounds = stats.binomtest(k, n).proportion_ci(method="wilson")
    return figure("value" if k else "zero", k / n, bounds.low, bounds.high, k, n, reason)


def per_post(number: int, posts: int, reason: str | None, blocked: str | None) -> Row:
    if blocked:
        return figure("not_measured", None, None, None, None, posts, blocked)
    if posts < 4:
        return figure("too_few", None, None, None, number, posts, reason)
    return figure("value" if number else "zero", number / posts, None, None, number, posts, reason)


def of_all(inputs: Inputs) -> dict[Key, Row]:
    """Return every figure of every practice of the inputs."""
    told: dict[Key, Row] = {}
    for practice in inputs["practices"]:
        told |= TalkAccount(inputs, practice["practice_id"]).figures()
    return told


def differing(found: dict[Key, Row], expected: dict[Key, Row]) -> list[Any]:
    """Return what is not the same, with both sides; numbers that are no counts to six decimals."""
    wrong: list[Any] = [(key, "only one side has it") for key in found.keys() ^ expected.keys()]
    for key in found.keys() & expected.keys():
        for name, value in expected[key].items():
            there = found[key][name]
            same = there == value
            if isinstance(value, float) and there is not None:
                same = abs(float(there) - value) < 2e-6
            if not same:
                wrong.append((key, name, there, value))
    return wrong
