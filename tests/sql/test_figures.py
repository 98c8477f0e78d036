"""Every figure against a slow account of the same nights in plain Python, which knows the rules and no SQL."""

from __future__ import annotations

import datetime as dt
from collections import Counter, defaultdict
from collections.abc import Callable
from decimal import Decimal
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from scipy import stats

from pipelines import statistics
from pipelines.advice import site_name
from pipelines.landing import DataDir
from pipelines.periods import add_months
from pipelines.warehouse import open_warehouse, rows
from tests.histories import ATTACK, History, Row, built_at, until
from tests.replay import compiled, empty_core

Key = tuple[str, str, dt.date, str, str]
DAY = dt.timedelta(days=1)
REPORTED = ("bedside_manner", "facility_comfort", "global_recommend")
ALERTS = ("ALERT_discrimination", "ALERT_privacy", "ALERT_safety")
BLENDABLE = "owner_export"
CLUSTER = "without the cluster"
_FEW = "too few reviews to compare"
_TOPIC_MONTHS = (
    "practice_id varchar, site varchar, month date, part varchar, mentions bigint, judged bigint, "
    "not_covered_why varchar, not_measured_why varchar"
)


class Account:
    """What was known on a night, worked out one item and one month at a time."""

    def __init__(self, history: History, as_of: dt.date) -> None:
        self.as_of = as_of
        known = until(history, as_of)
        self.visits = [row for (_, night), rows_ in known.visits.items() for row in rows_ if night <= as_of]
        seen: dict[tuple[str, str, str, str], list[Row]] = defaultdict(list)
        for (_, _), rows_ in sorted(known.features.items(), key=lambda item: item[0][1]):
            for row in rows_:
                seen[row["kind"], row["practice_id"], row["site"], row["item_id"]].append(row)
        totals = {(p, s): versions for (kind, p, s, _), versions in seen.items() if kind == "total"}
        self.shown = {place: [row for row in versions if row["total_average"]] for place, versions in totals.items()}
        self.counted = totals
        self.totals = {place: versions[-1]["total_count"] for place, versions in totals.items()}
        self.marks = {practice.id: practice.handled_privately for practice in known.practices.practice}
        self.targets = {practice.id: practice.answer_within_days for practice in known.practices.practice}
        # That something is gone which nobody saw is no item.
        known_items = {key: v for key, v in seen.items() if any(row["state"] != "removed" for row in v)}
        self.replies = [self._reply(v) for (kind, *_), v in known_items.items() if kind == "reply"]
        self.reviews = [self._review(v) for (kind, *_), v in known_items.items() if kind == "review"]
        for review in self.reviews:
            review["handled"] = self._handled(review)
        self.places = sorted({(row["practice_id"], row["site"]) for row in self.visits})
        self.sources = {(row["practice_id"], row["site"]): row["source"] for row in self.visits}
        self.bursts = {(place, week): found for place in self.places for week, found in self._bursts(place).items()}
        self.told = {
            place: {
                (month, *name): figure
                for month in self.months(place)
                for name, figure in self._month_figures(place, month).items()
            }
            for place in self.places
        }

    def nights(self, place: tuple[str, str], kind: str) -> list[dt.date]:
        wanted: dict[str, Callable[[Row], bool]] = {
            "all": lambda row: True,
            "ok": lambda row: bool(row["status"] == "ok"),
            "complete": lambda row: bool(row["complete"] and row["status"] == "ok"),
            "failed": lambda row: bool(row["status"] != "ok"),
        }
        here = [row for row in self.visits if (row["practice_id"], row["site"]) == place]
        return sorted(row["night"] for row in here if wanted[kind](row))

    def _gone(self, versions: list[Row]) -> tuple[list[Row], dt.date | None, dt.date | None]:
        """What was seen of it, since when it is gone, and since when the platform itself says so."""
        stood = [row for row in versions if row["state"] != "removed"]
        newest = stood[-1]
        place = (newest["practice_id"], newest["site"])
        lacked = [night for night in self.nights(place, "complete") if night > newest["night"]]
        said = [row["night"] for row in versions if row["state"] == "removed" and row["night"] > newest["night"]]
        return stood, min(lacked + said, default=None), min(said, default=None)

    def _reply(self, versions: list[Row]) -> dict[str, Any]:
        visible = [row for row in versions if row["state"] in (None, "approved")]
        stood, removed, _ = self._gone(versions)
        latest = stood[-1]
        said = None
        if visible:
            bound = dt.datetime.combine(visible[0]["night"] + DAY, dt.time(0), dt.UTC)
            said = min(visible[0]["updated_at"], bound)
        approved = latest["state"] in (None, "approved")
        return {
            "parent": latest["parent_id"],
            "said": said if approved and removed is None else None,
            "first": said if approved else None,
            "removed": removed,
            **{
                name: latest[name]
                for name in ("generic", "disclosure", "disclosure_severity", "disclosure_classes", "acts")
            },
            **_place(latest),
        }

    def _review(self, versions: list[Row]) -> dict[str, Any]:
        first_seen = versions[0]["night"]
        versions, removed, announced = self._gone(versions)
        latest = versions[-1]
        own = [r for r in self.replies if r["parent"] == latest["item_id"] and r["place"] == _place(latest)["place"]]
        answers = [reply["said"] for reply in own if reply["said"]]
        wait = (min(answers) - latest["created_at"]).total_seconds() if answers else None
        written = latest["created_local"]
        of_month = _standing(versions, written.date().replace(day=1))
        midnight = dt.datetime.combine(self.as_of, dt.time(0))
        return {
            "id": latest["item_id"],
            "month": written.date().replace(day=1),
            "written": written,
            "versions": versions,
            "stars": of_month["stars"],
            "newest": latest["stars"],
            "newest_points": _points(latest),
            "url": latest["url"],
            "first_seen": first_seen,
            "removed": removed,
            "announced": announced,
            "wait": None if wait is None else max(0, int(wait)),
            "watched": max(0, int((midnight - written).total_seconds())),
            "page": latest["page"],
            "created": latest["created_at"],
            "replies": own,
            "state": of_month["state"],
            "points": _points(of_month),
            "sentiment": latest["sentiment"],
            "judged": latest["sentiment"] not in (None, "not_checked"),
            "topics": {f"{topic['topic']}/{topic['polarity']}" for topic in latest["topics"] or ()},
            **{name: latest[name] for name in ("has_text", "words", "text_key", "author_key", "alerts")},
            "disagrees": latest["contradicts_stars"],
            "voice": latest["voice"],
            "acts": set(latest["acts"] or ()),
            **_place(latest),
        }

    def _handled(self, review: Row) -> dt.date | None:
        """The first day of a mark that means this review and no other of its practice."""
        here = [other for other in self.reviews if other["place"][0] == review["place"][0]]
        days = []
        for mark in self.marks[review["place"][0]]:
            meant = [other for other in here if mark.item in (other["id"], other["url"])]
            if meant == [review]:
                days.append(mark.on)
        return min(days, default=None)

    def months(self, place: tuple[str, str]) -> list[dt.date]:
        days = [self.nights(place, "all")[0] - DAY]
        days += [review["written"].date() for review in self.reviews if review["place"] == place]
        month, months = min(days).replace(day=1), []
        while month <= self.as_of:
            months.append(month)
            month = add_months(month, 1)
        return months

    def uncovered(self, place: tuple[str, str], month: dt.date) -> str | None:
        end = min(add_months(month, 1), self.as_of)
        read, complete = self.nights(place, "ok"), self.nights(place, "complete")
        if not read:
            return "never read"
        if read[-1] < end:
            return f"last read on {read[-1]}"
        if not complete:
            return "no complete list has been read"
        return None if complete[-1] >= end - 8 * DAY else f"last complete list read on {complete[-1]}"

    def can_reply(self, place: tuple[str, str]) -> bool:
        here = [row for row in self.visits if (row["practice_id"], row["site"]) == place]
        # A visit that failed tells it only of a site that was never read.
        here = [row for row in here if row["status"] == "ok"] or here
        return bool(max(here, key=lambda row: row["night"])["can_reply"])

    def of_month(self, place: tuple[str, str], month: dt.date) -> list[dict[str, Any]]:
        return [
            review
            for review in self.reviews
            if review["place"] == place
            and review["month"] == month
            and (review["removed"] is None or review["removed"] >= add_months(month, 1))
        ]

    def judged(self, place: tuple[str, str], month: dt.date) -> list[Row]:
        return [review for review in self.of_month(place, month) if review["judged"]]

    def figures(self) -> dict[Key, dict[str, Any]]:
        told: dict[Key, dict[str, Any]] = {}
        for place in self.places:
            for (month, metric, part), figure in self.told[place].items():
                told[(*place, month, metric, part)] = figure
            for month in self.months(place):
                for part, evidence in self.recent(place, month).items():
                    told[(*place, month, "reputation_score", part)] = self._score([(place[1], 1.0, evidence)])
        for practice in sorted({practice for practice, _ in self.places}):
            for month in self.practice_months(practice):
                for part, figure in self._combined(practice, month).items():
                    told[practice, "", month, "reputation_score_combined", part] = figure
                for site, metric, figure in self._spread(practice, month):
                    told[practice, site, month, metric, ""] = figure
        return told

    def practice_months(self, practice: str) -> list[dt.date]:
        return sorted({month for place in self.places if place[0] == practice for month in self.months(place)})

    def cluster(self, review: Row) -> bool:
        found = self.bursts.get((review["place"], _monday(review["written"])))
        return bool(found and found["verdict"] == "unusual cluster")

    def recent(self, place: tuple[str, str], month: dt.date) -> dict[str, Row]:
        """The reviews of 24 months with their weights, one at a time: all of them, and those of no cluster."""
        first, after = add_months(month, -23), add_months(month, 1)
        last_second = dt.datetime.combine(after, dt.time(0)) - dt.timedelta(seconds=1)
        standing = [
            (_as_of(review, month), (last_second - review["written"]).days)
            for review in self.reviews
            if review["place"] == place
            and _points(_standing(review["versions"], month))
            and first <= review["month"] <= month
            and (review["removed"] is None or review["removed"] >= add_months(review["month"], 1))
            and (review["removed"] is None or review["removed"] >= after)
        ]
        parts = {"": standing}
        if any(self.cluster(review) for review, _ in standing):
            parts[CLUSTER] = [pair for pair in standing if not self.cluster(pair[0])]
        return {part: self._evidence(place, month, pairs) for part, pairs in parts.items()}

    def _evidence(self, place: tuple[str, str], month: dt.date, pairs: list[tuple[Row, int]]) -> Row:
        due = [(r, age) for r, age in pairs if r["points"] <= 3 and age >= 7 and self.can_reply(place)]
        handled = [r for r, _ in due if r["handled"] and r["handled"] < add_months(month, 1)]
        due = [(r, age) for r, age in due if r not in handled]
        rated = [(r["stars"], age) for r, age in pairs if r["stars"]]
        return {
            "handled": len(handled),
            "size": len(pairs),
            "year": sum(review["month"] >= add_months(month, -11) for review, _ in pairs),
            "counts": [sum(2 ** (-age / 180) for r, age in pairs if r["points"] == k) for k in range(1, 6)],
            "critical": sum(2 ** (-age / 180) for _, age in due),
            "answered": sum(2 ** (-age / 180) for review, age in due if _safely_answered(review, month)),
            "stars": rated,
            "why": self.uncovered(place, month),
        }

    def _score(self, sites: list[tuple[str, float, Row]], blocked: str | None = None) -> Row:
        size, year = sum(e["size"] for _, _, e in sites), sum(e["year"] for _, _, e in sites)
        why = blocked or "; ".join(
            (f"{site_name(name)}: " if blocked is not None else "") + e["why"] for name, _, e in sites if e["why"]
        )
        if why:
            return _figure("not_measured", None, None, None, None, size, why)
        if year < 10:
            return _figure(
                "too_few",
                None,
                None,
                None,
                year,
                size,
                f"{year} {'review' if year == 1 else 'reviews'} in twelve months, 10 are needed",
            )
        if sum(sum(e["counts"]) for _, _, e in sites) < 5:
            return _figure("too_few", None, None, None, year, size, "the reviews are too old to weigh 5 together")
        score, low, high = slow_score(
            [(weight, e["counts"]) for _, weight, e in sites],
            sum(e["answered"] for _, _, e in sites),
            sum(e["critical"] for _, _, e in sites),
        )
        handled = sum(e["handled"] for _, _, e in sites)
        return _figure("value", score, low, high, year, size, f"{handled} handled privately" if handled else None)

    def _combined(self, practice: str, month: dt.date) -> dict[str, Row]:
        sites = [place for place in self.places if place[0] == practice and self.sources[place] == BLENDABLE]
        if not sites:
            why = "no site allows its stars to be combined with those of others"
            return {"": _figure("not_measured", None, None, None, None, 0, why)}
        year = month.replace(month=1)
        before = {
            place: sum(
                r["place"] == place
                and bool(_points(_standing(r["versions"], add_months(year, -1))))
                and add_months(year, -12) <= r["written"].date() < year
                and (r["removed"] is None or r["removed"] >= year)
                for r in self.reviews
            )
            for place in sites
        }
        if not any(before.values()) and len(sites) > 1:
            why = f"no review of {year.year - 1} to weigh the sites by"
            return {"": _figure("too_few", None, None, None, 0, 0, why)}
        weighing = {place: n for place, n in before.items() if n} or {sites[0]: 1}
        recent = {place: self.recent(place, month) for place in weighing}
        parts = sorted({part for evidence in recent.values() for part in evidence})
        return {
            part: self._score(
                [
                    (place[1], n / sum(weighing.values()), recent[place].get(part, recent[place][""]))
                    for place, n in weighing.items()
                ],
                blocked="",
            )
            for part in parts
        }

    def _spread(self, practice: str, month: dt.date) -> list[tuple[str, str, Row]]:
        """How the reviews of twelve months are spread over the sites that were read in full."""
        here = [place for place in self.places if place[0] == practice and month in self.months(place)]
        sizes = {p: sum(len(self.of_month(p, add_months(month, -back))) for back in range(12)) for p in here}
        whys = {place: self.uncovered(place, month) for place in here}
        whole = [sizes[place] for place in here if not whys[place]]
        lacking = ", ".join(f"{site_name(place[1])} ({whys[place]})" for place in here if whys[place])
        without = f"without {lacking}" if lacking else None
        told = [
            (place[1], "site_share", _share(sizes[place], sizes[place] if why else sum(whole), without, why))
            for place, why in whys.items()
        ]
        none = None if whole else "; ".join(f"{site_name(place[1])}: {why}" for place, why in whys.items())
        if none:
            return [*told, ("", "effective_sites", _figure("not_measured", None, None, None, None, 0, none))]
        if sum(whole) < 10:
            few = _figure("too_few", None, None, None, None, sum(whole), without)
            return [*told, ("", "effective_sites", few)]
        spread = 1 / sum((size / sum(whole)) ** 2 for size in whole)
        return [*told, ("", "effective_sites", _figure("value", spread, None, None, None, sum(whole), without))]

    def _bursts(self, place: tuple[str, str]) -> dict[dt.date, Row]:
        """Weeks with unusually many reviews."""
        counted = [r for month in self.months(place) for r in self.of_month(place, month)]
        by_week: dict[dt.date, list[Row]] = defaultdict(list)
        for review in counted:
            by_week[_monday(review["written"])].append(review)
        found = {}
        for week, reviews in by_week.items():
            if len(reviews) < 5 or week - 84 * DAY < self.months(place)[0]:
                continue
            past = [len(by_week.get(week - 7 * ago * DAY, ())) for ago in range(12, 0, -1)]
            if max(slow_tails(past, len(reviews))) >= 0.001:
                continue
            year = [r for ago in range(1, 53) for r in by_week.get(week - 7 * ago * DAY, ())]
            now, before = ([r["points"] for r in some if r["points"]] for some in (reviews, year))
            leaning = None
            for name, wanted in (("best", (5,)), ("low", (1, 2))):
                table = [[sum(k in wanted for k in some), sum(k not in wanted for k in some)] for some in (before, now)]
                more = table[1][0] * len(before) > table[0][0] * len(now)
                if more and stats.fisher_exact(table).pvalue < 0.01:
                    leaning = name
            found[week] = {
                "verdict": "unusual cluster" if leaning else "unusual number",
                "leaning": leaning,
                "weeks_before": past,
                "reviews": len(reviews),
                "months": Counter(review["month"] for review in reviews),
            }
        return found

    def _month_figures(self, place: tuple[str, str], month: dt.date) -> dict[tuple[str, str], dict[str, Any]]:
        why = self.uncovered(place, month)
        reviews = self.of_month(place, month)
        stars = [review["stars"] for review in reviews if review["stars"] is not None]
        after = add_months(month, 1)
        told = {
            ("reviews_received", ""): _count(len(reviews), len(reviews), why),
            ("mean_stars", ""): _mean(stars, why),
            ("low_share", ""): _share(sum(s <= 2 for s in stars), len(stars), why, why if not stars else None),
            ("positive_share", ""): _share(sum(s >= 4 for s in stars), len(stars), why, why if not stars else None),
        }
        newest, year = (sum(len(self.of_month(place, add_months(month, -n))) for n in range(back)) for back in (3, 12))
        told["recent_share", ""] = _share(newest, year, why, None if year else why)
        known = [m for m in self.months(place) if add_months(month, -3) < m <= month]
        days = sum((min(add_months(m, 1), self.as_of) - m).days for m in known)
        told["reviews_per_30_days", ""] = _rate(newest, days, why)
        told["days_since_review", ""] = self._newest(place, month, why)
        told["rating_shown_by_site", ""] = self._shown(place, month, why)
        told["reviews_held", ""] = self._held(place, month, why)
        told["hours_since_full_list", ""] = self._listed(place, month, why)
        told |= self._removals(place, month)
        if any(self.cluster(review) for review in reviews):
            told["mean_stars", CLUSTER] = _mean(
                [r["stars"] for r in reviews if r["stars"] and not self.cluster(r)], why
            )
        for star in range(1, 6):
            told["star_distribution", str(star)] = _count(stars.count(star), len(stars), why)
        blocked = None if self.can_reply(place) else "replies cannot be read on this site"
        answerable = reviews if blocked is None else []
        late = "maturing" if self.as_of < after + 30 * DAY else None
        told["reply_share", ""] = _share(
            sum(r["wait"] is not None and r["wait"] <= 30 * 86400 for r in answerable),
            len(answerable),
            late,
            blocked or (why if not answerable else None),
        )
        target = self.targets[place[0]]
        told["target_met_share", ""] = _share(
            sum(r["wait"] is not None and r["wait"] <= (target or 0) * 86400 for r in answerable),
            len(answerable),
            "maturing" if target and self.as_of < after + target * DAY else why,
            blocked or ("no target was set" if target is None else why if not answerable else None),
        )
        critical = [r for r in answerable if r["points"] and r["points"] <= 3 and r["watched"] >= 7 * 86400]
        told["critical_reply_share", ""] = _share(
            sum(r["wait"] is not None and r["wait"] <= 7 * 86400 for r in critical),
            len(critical),
            None,
            blocked or (why if not critical else None),
        )
        window = [
            _as_of(r, month)
            for r in self.reviews
            if r["place"] == place
            and blocked is None
            and dt.datetime.combine(after - 90 * DAY, dt.time(0))
            <= r["written"]
            < dt.datetime.combine(after, dt.time(0))
            and (r["removed"] is None or r["removed"] >= after)
        ]
        waiting = [_until(min(after, self.as_of), r) for r in window]
        for part, share, fewest in (("", Decimal("0.5"), 5), ("nine of ten", Decimal("0.9"), 10)):
            told["reply_hours", part] = _hours(waiting, blocked or (why if not window else None), share, fewest)
        told |= self._words(place, reviews, why) | self._replies(place, month, window, blocked, why)
        return told | self._signs(place, month, reviews, why)

    def _newest(self, place: tuple[str, str], month: dt.date, why: str | None) -> Row:
        """How long before the end of the month, or the night, the newest review was written that stood then."""
        after = add_months(month, 1)
        standing = [
            review["written"].date()
            for back in self.months(place)
            if back <= month
            for review in self.of_month(place, back)
            if review["removed"] is None or review["removed"] >= after
        ]
        if why or not standing:
            return _figure("not_measured" if why else "too_few", None, None, None, None, len(standing), why)
        days = max(0, (min(after, self.as_of) - DAY - max(standing)).days)
        return _figure("value" if days else "zero", days, None, None, None, len(standing), None)

    def _shown(self, place: tuple[str, str], month: dt.date, why: str | None) -> Row:
        """What the site itself showed on the last night that sees a day of the month and found something."""
        here = [row for row in self.shown.get(place, ()) if month < row["night"] <= add_months(month, 1)]
        if not here:
            why = why or "no rating that the site itself shows is on record"
            return _figure("not_measured", None, None, None, None, 0, why)
        newest = max(here, key=lambda row: row["night"])
        number = newest["total_count"]
        why = f"shown on {newest['night']}"
        return _figure("value", float(newest["total_average"]), None, None, number, number, why)

    def _held(self, place: tuple[str, str], month: dt.date, why: str | None) -> Row:
        """How many reviews were known beside how many the site counted, on the last night that sees a day of the month
        and was told."""
        here = [row for row in self.counted.get(place, ()) if month < row["night"] <= add_months(month, 1)]
        if not here:
            why = why or "the site does not say how many reviews it has"
            return _figure("not_measured", None, None, None, None, 0, why)
        night, number = max((row["night"], row["total_count"]) for row in here)
        held = sum(
            review["place"] == place
            and review["first_seen"] <= night
            and (review["removed"] is None or review["removed"] > night)
            for review in self.reviews
        )
        why = f"shown on {night}"
        if not number:
            return _figure("too_few", None, None, None, held, 0, why)
        return _figure("value" if held else "zero", held / number, None, None, held, number, why)

    def _listed(self, place: tuple[str, str], month: dt.date, why: str | None) -> Row:
        """How long before the end of the month, or the night, everything was listed for the last time."""
        end = min(add_months(month, 1), self.as_of)
        lists = [night for night in self.nights(place, "complete") if night <= end]
        if not lists:
            why = why or "no complete list was read by then"
            return _figure("not_measured", None, None, None, None, 0, why)
        hours, why = 24 * (end - lists[-1]).days, f"last complete list read on {lists[-1]}"
        return _figure("value" if hours else "zero", hours, None, None, None, 1, why)

    def _removals(self, place: tuple[str, str], month: dt.date) -> dict[tuple[str, str], Row]:
        """Removals noticed in the month; none is a zero only if lists of its first and last eight days say so."""
        after = add_months(month, 1)
        lists = self.nights(place, "complete")
        read, late = [n for n in lists if month <= n < after], min(after, self.as_of) - 8 * DAY
        why = None
        if not read:
            why = "no complete list was read in the month"
        elif read[-1] < late:
            why = f"last complete list read on {read[-1]}"
        elif not any(night < read[-1] and night < month + 8 * DAY for night in lists):
            why = "no earlier complete list to compare with"
        gone = [r for r in self.reviews if r["place"] == place and r["removed"] and month <= r["removed"] < after]
        parts = Counter(str(review["newest"] or "no stars") for review in gone)
        parts[""] = len(gone)
        parts["announced by the site"] = sum(bool(r["announced"]) and r["announced"] < after for r in gone)
        names = ["", *"12345", "no stars", "announced by the site"]
        return {("reviews_removed", name): _count(parts[name], len(gone), why) for name in names}

    def _words(self, place: tuple[str, str], reviews: list[Row], why: str | None) -> dict[tuple[str, str], Row]:
        told = {}
        judged = [review for review in reviews if review["judged"]]
        foreign = any(r["has_text"] and r["sentiment"] == "not_checked" for r in reviews)
        forbidden = any(r["has_text"] and r["sentiment"] is None for r in reviews)
        blocked = why
        if forbidden:
            blocked = "what is written on this site is not judged"
        elif foreign:
            blocked = "no text in a language whose judgement was measured"
        blocked = None if judged else blocked
        for topic in REPORTED:
            for polarity in ("positive", "negative"):
                part = f"{topic}/{polarity}"
                said = sum(part in review["topics"] for review in judged)
                told["topic_mentions", part] = _topic(said, len(judged), why, blocked)
            sides = [
                sum(f"{topic}/{mood}" in review["topics"] for review in judged) for mood in ("positive", "negative")
            ]
            told["topic_balance", topic] = _balance(sides[0], sides[1], why, blocked)
        for alert in ALERTS:
            raised = sum(alert in (review["alerts"] or ()) for review in judged)
            told["alerts", alert] = _count(raised, len(judged), blocked or why)
        sounds = Counter(review["sentiment"] for review in judged)
        told["net_sentiment", ""] = _net(
            sounds["positive"], sounds["negative"], sounds["neutral"], sounds["unsure"], why, blocked
        )
        comparable = [review["disagrees"] for review in judged if review["disagrees"] is not None]
        told["stars_and_words_disagree", ""] = _count(sum(comparable), len(comparable), blocked or why)
        asked = any(r["place"] == place and r["state"] in ("recommended", "not_recommended") for r in self.reviews)
        said_so = [r["state"] for r in reviews if r["state"] in ("recommended", "not_recommended")]
        told["recommendations", ""] = _share(
            said_so.count("recommended"),
            len(said_so),
            why,
            (None if said_so else why) if asked else "nobody has been seen to recommend or warn on this site",
        )
        long = [r for r in reviews if r["text_key"] and (r["words"] or 0) >= 5]
        same = [
            r
            for r in long
            if any(
                r["text_key"] == other["text_key"]
                and (r["author_key"] or r["id"]) != (other["author_key"] or other["id"])
                for other in long
            )
        ]
        told["repeated_texts", ""] = _count(len(same), len(long), why)
        return told

    def _signs(
        self, place: tuple[str, str], month: dt.date, reviews: list[Row], why: str | None
    ) -> dict[tuple[str, str], Row]:
        """What the month's reviews tell of having been asked for, and which of them insiders wrote."""
        before = [review for back in range(1, 13) for review in self.of_month(place, add_months(month, -back))]
        told = {
            ("integrity_signs", "own people"): _count(sum(r["voice"] == "team" for r in reviews), len(reviews), why)
        }
        asked = [r for r in reviews if r["acts"] & {"incentive", "no_incentive"}]
        unread = None
        if not self.judged(place, month):
            foreign = any(r["has_text"] and r["sentiment"] == "not_checked" for r in reviews)
            forbidden = any(r["has_text"] and r["sentiment"] is None for r in reviews)
            unread = why
            unread = "no text in a language whose judgement was measured" if foreign else unread
            unread = "what is written on this site is not judged" if forbidden else unread
        late = "the reviews were scored before this was looked for" if reviews else why
        told["integrity_signs", "incentive in reviews"] = _count(
            sum("incentive" in r["acts"] for r in asked), len(asked), why if asked else unread or late
        )
        nameless = "no names of the staff are known" if reviews else why
        uncounted = "how many reviews an account has written is not told" if reviews else why
        for part, acts, missing in (
            ("staff named", ("staff_named", "staff_not_named"), unread or nameless),
            ("accounts of one review", ("only_review", "one_of_several"), uncounted),
        ):
            told["integrity_signs", part] = _unusual(reviews, before, acts, missing, why)
        return told

    def _replies(
        self, place: tuple[str, str], month: dt.date, window: list[Row], blocked: str | None, why: str | None
    ) -> dict[tuple[str, str], Row]:
        told = {}
        shown = [reply for review in window for reply in review["replies"] if reply["said"]]
        compared = [reply["generic"] for reply in shown if reply["generic"] is not None]
        unknown = "the replies were not compared with one another" if shown else why
        told["reply_genericness", ""] = _share(
            sum(compared), len(compared), why, blocked or (None if compared else unknown)
        )
        critical = [review for review in window if review["points"] and review["points"] <= 3]
        asked = [
            {act for reply in review["replies"] if reply["said"] for act in reply["acts"] or ()} & {"offline", "public"}
            for review in critical
        ]
        asked = [acts for acts in asked if acts]
        answered = any(reply["said"] for review in critical for reply in review["replies"])
        unasked = "no reply was judged for what it offers" if answered else why
        told["moved_offline_share", ""] = _share(
            sum("offline" in acts for acts in asked), len(asked), why, blocked or (None if asked else unasked)
        )
        left = [
            reply
            for review in self.reviews
            if review["place"] == place and review["month"] <= month and review["removed"] is None and not blocked
            for reply in review["replies"]
            if reply["said"]
        ]
        standing = [
            reply["disclosure_severity"] if reply["disclosure"] == "pattern" else reply["disclosure"] for reply in left
        ]
        checked = [verdict for verdict in standing if verdict != "not_checked"]
        none_checked = "no reply in a language that is checked" if standing and not checked else None
        for severity in ("critical", "high", "caution"):
            told["replies_to_look_at", severity] = _count(
                checked.count(severity), len(checked), blocked or none_checked or why
            )
        for sign, name in (("incentive", "N2"), ("threat", "N1")):
            found = sum(name in (reply["disclosure_classes"] or ()) for reply in left)
            told["integrity_signs", sign] = _count(found, len(checked), blocked or none_checked or why)
        searched = [set(reply["acts"] or ()) for reply in left]
        searched = [acts for acts in searched if any(act.endswith("_invitation") for act in acts)]
        late = "the replies were scored before this was looked for" if left and not searched else None
        for part, act in (("gating", "gated"), ("yelp", "yelp"), ("wording", "worded")):
            found = sum(f"{act}_invitation" in acts for acts in searched)
            told["integrity_signs", part] = _count(found, len(searched), blocked or none_checked or late or why)
        rated, low = self.recent(place, month)[""]["stars"], why if not self.recent(place, month)[""]["stars"] else None
        told |= _decayed(rated, why, low)
        return told


def _unusual(reviews: list[Row], before: list[Row], acts: tuple[str, str], missing: str | None, why: str | None) -> Row:
    """Return how many reviews have the first of two acts, if that is far more than in the twelve months before."""
    (now, n), (usual, n_before) = (
        (sum(acts[0] in r["acts"] for r in some), sum(not r["acts"].isdisjoint(acts) for r in some))
        for some in (reviews, before)
    )
    if min(n, n_before) < 10:
        reason = why if n else missing
        return _figure("not_measured" if reason else "too_few", None, None, None, None, n, reason or _FEW)
    p = stats.fisher_exact([[usual, n_before - usual], [now, n - now]]).pvalue
    many = now / n > 0.3 and now / n > usual / n_before and p < 0.01
    return _count(now if many else 0, n, why)


def _place(row: Row) -> dict[str, tuple[str, str]]:
    return {"place": (row["practice_id"], row["site"])}


def _standing(versions: list[Row], month: dt.date) -> Row:
    """What was read of a review last before a month's end, or else first."""
    known = [version for version in versions if version["night"] < add_months(month, 1)]
    return (known or versions[:1])[-1]


def _as_of(review: Row, month: dt.date) -> Row:
    """A review with the stars that stood at the end of a month."""
    version = _standing(review["versions"], month)
    return review | {"stars": version["stars"], "points": _points(version)}


def _points(version: Row) -> int | None:
    stars: int | None = version["stars"]
    return stars or {"recommended": 5, "not_recommended": 1}.get(version["state"] or "")


def _figure(
    state: str, value: float | None, low: float | None, high: float | None, k: int | None, n: int, why: str | None
) -> Row:
    return {"state": state, "value": value, "low": low, "high": high, "numerator": k, "sample_size": n, "reason": why}


def _count(number: int, size: int, why: str | None) -> Row:
    if number == 0 and why:
        return _figure("not_measured", None, None, None, None, size, why)
    return _figure("value" if number else "zero", number, None, None, number, size, why)


def _share(k: int, n: int, reason: str | None, blocked: str | None) -> Row:
    if blocked:
        return _figure("not_measured", None, None, None, None, n, blocked)
    if n < 10:
        return _figure("too_few", None, None, None, k, n, reason)
    bounds = stats.binomtest(k, n).proportion_ci(method="wilson")
    return _figure("value" if k else "zero", k / n, bounds.low, bounds.high, k, n, reason)


def _rate(number: int, days: int, why: str | None) -> Row:
    """How many came in 30 days, with the limits of Garwood where every day was read."""
    if why:
        state = "value" if number else "not_measured"
        return _figure(state, number * 30 / days if number else None, None, None, number or None, number, why)
    low = stats.chi2.ppf(0.025, 2 * number) / 2 if number else 0.0
    high = stats.chi2.ppf(0.975, 2 * number + 2) / 2
    value, low, high = (30 / days * count for count in (number, float(low), float(high)))
    return _figure("value" if number else "zero", value, low, high, number, number, None)


def _net(praise: int, blame: int, neither: int, doubtful: int, why: str | None, blocked: str | None) -> Row:
    """Praise less criticism, with the limits of a sample to which one of each was added."""
    size = praise + blame + neither
    if blocked:
        return _figure("not_measured", None, None, None, None, size, blocked)
    reason = "; ".join(filter(None, [why, f"{doubtful} could not be told" if doubtful else None])) or None
    if size < 10:
        return _figure("too_few", None, None, None, praise - blame, size, reason)
    sample = [1] * (praise + 1) + [-1] * (blame + 1) + [0] * neither
    half = 1.959963984540054 * float(np.std(sample)) / len(sample) ** 0.5
    low, high = max(-1.0, float(np.mean(sample)) - half), min(1.0, float(np.mean(sample)) + half)
    value = (praise - blame) / size
    return _figure("value" if value else "zero", value, low, high, praise - blame, size, reason)


def _topic(said: int, judged: int, why: str | None, blocked: str | None) -> Row:
    if blocked:
        return _figure("not_measured", None, None, None, None, judged, blocked)
    if said in (1, 2, 3, 4):
        return _figure("too_few", None, None, None, None, judged, "single remarks")
    return _share(said, judged, why, None)


def _balance(praise: int, blame: int, why: str | None, blocked: str | None) -> Row:
    """Praise less criticism of a topic, unless a number that is hidden elsewhere could be worked out from it."""
    if not blocked and {praise, blame} & {1, 2, 3, 4}:
        return _figure("too_few", None, None, None, None, 0, "single remarks")
    return _net(praise, blame, 0, 0, why, blocked)


def _decayed(rated: list[tuple[int, int]], why: str | None, blocked: str | None) -> dict[tuple[str, str], Row]:
    weights = [2 ** (-age / 180) for _, age in rated]
    if blocked:
        nothing = _figure("not_measured", None, None, None, None, 0, blocked)
        return {("decayed_stars", ""): nothing, ("effective_reviews", ""): nothing}
    as_many = sum(weights) ** 2 / sum(w * w for w in weights) if weights else 0
    told = {
        ("effective_reviews", ""): _figure(
            "value" if rated else "zero", float(as_many), None, None, None, len(rated), why
        )
    }
    if as_many < 5:
        told["decayed_stars", ""] = _figure("too_few", None, None, None, None, len(rated), why)
        return told
    counts = [sum(w for w, (stars, _) in zip(weights, rated, strict=True) if stars == k) for k in range(1, 6)]
    _, _, low, high = statistics.dirichlet_mean(counts)
    mean = sum(w * stars for w, (stars, _) in zip(weights, rated, strict=True)) / sum(weights)
    told["decayed_stars", ""] = _figure("value", mean, low, high, None, len(rated), why)
    return told


def slow_score(sites: list[tuple[float, list[float]]], answered: float, critical: float) -> tuple[float, float, float]:
    """The score written out as its rule says it, with the points of each number of stars in a table."""
    points = {1: 0, 2: 15, 3: 50, 4: 65, 5: 80}
    prior = {1: 0.16, 2: 0.06, 3: 0.10, 4: 0.24, 5: 1.44}
    score = variance = 0.0
    for weight, counts in sites:
        chances = {k: (prior[k] + counts[k - 1]) / (2 + sum(counts)) for k in points}
        mean = sum(points[k] * chances[k] for k in points)
        spread = sum(chances[k] * (points[k] - mean) ** 2 for k in points)
        score += weight * mean
        variance += weight**2 * spread / (3 + sum(counts))
    share = (0.8 + answered) / (1 + critical)
    score += 20 * share
    half = 1.959963984540054 * (variance + 400 * share * (1 - share) / (critical + 2)) ** 0.5
    return score, max(0.0, score - half), min(100.0, score + half)


def slow_tails(past: list[int], now: int) -> list[float]:
    mean = Fraction(sum(past), len(past))
    variance = Fraction(sum((count - mean) ** 2 for count in past)) / (len(past) - 1)
    tails = [float(stats.nbinom.sf(now - 1, 0.5 + sum(past), len(past) / (len(past) + 1)))]
    if variance > mean:
        shape = float(mean * mean / (variance - mean))
        tails.append(float(stats.nbinom.sf(now - 1, shape, shape / (shape + float(mean)))))
    return tails


def _safely_answered(review: Row, month: dt.date) -> bool:
    """Whether a reply that is not flagged, and was said within a week, stood at the end of the month."""
    return any(
        reply["first"]
        and reply["disclosure"] != "pattern"
        and (reply["first"] - review["created"]).total_seconds() <= 7 * 86400
        and (reply["removed"] is None or reply["removed"] >= add_months(month, 1))
        for reply in review["replies"]
    )


def _monday(written: dt.datetime) -> dt.date:
    return written.date() - written.weekday() * DAY


def _mean(stars: list[int], why: str | None) -> Row:
    if not stars and why:
        return _figure("not_measured", None, None, None, None, 0, why)
    if len(stars) < 5:
        return _figure("too_few", None, None, None, sum(stars), len(stars), why)
    _, _, low, high = statistics.dirichlet_mean([stars.count(star) for star in range(1, 6)])
    return _figure("value", sum(stars) / len(stars), low, high, sum(stars), len(stars), why)


def _until(day: dt.date, review: Row) -> Row:
    """Return a review with its wait as it was known when a day began."""
    watched = max(0, int((dt.datetime.combine(day, dt.time(0)) - review["written"]).total_seconds()))
    wait = review["wait"]
    return {**review, "watched": watched, "wait": wait if wait is not None and wait <= watched else None}


def _hours(window: list[Row], blocked: str | None, share: Decimal, fewest: int) -> Row:
    waits = [r["wait"] for r in window if r["wait"] is not None]
    if blocked:
        return _figure("not_measured", None, None, None, None, len(window), blocked)
    if len(window) < fewest:
        return _figure("too_few", None, None, None, len(waits), len(window), None)
    time = slow_wait(waits, [r["watched"] for r in window if r["wait"] is None], share)
    if time is None:
        many = "half" if share == Decimal("0.5") else "one in ten"
        return _figure("not_measured", None, None, None, len(waits), len(window), f"more than {many} not answered yet")
    return _figure("value" if time else "zero", time / 3600, None, None, len(waits), len(window), None)


def slow_wait(answered: list[int], waiting: list[int], share: Decimal) -> int | None:
    surviving = Decimal(1)
    for time in sorted(set(answered)):
        at_risk = sum(t >= time for t in answered) + sum(t >= time for t in waiting)
        surviving *= Decimal(at_risk - answered.count(time)) / at_risk
        if surviving <= 1 - share + Decimal("1e-20"):
            return time
    return None


@pytest.fixture(scope="module", params=[None, dt.date(2026, 10, 9)], ids=["everything", "an earlier night"])
def known(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[DataDir, Account]:
    data, history = built_at(tmp_path_factory.getbasetemp(), request.param)
    return data, Account(history, request.param or max(night for _, night in history.visits))


def test_every_figure_is_what_the_slow_account_says(known: tuple[DataDir, Account]) -> None:
    data, account = known
    expected = account.figures()
    with open_warehouse(data) as connection:
        found = {
            (row["practice_id"], row["site"], row["month"], row["metric"], row["part"]): row
            for row in rows(
                connection,
                "select figures.* from reports.figures as figures "
                "where site <> '' or metric in ('reputation_score_combined', 'effective_sites')",
            )
        }
    assert found.keys() == expected.keys()
    for key, figure in expected.items():
        for name, value in figure.items():
            there = found[key][name]
            if isinstance(value, float):
                assert float(there) == pytest.approx(value, abs=1e-6), (key, name)
            else:
                assert there == value, (key, name)


def test_the_history_is_worth_an_account(known: tuple[DataDir, Account]) -> None:
    """The seeded nights must reach every state and every way a reply can come, or the comparison shows little."""
    _, account = known
    figures = account.figures()
    states = {(key[3], figure["state"]) for key, figure in figures.items()}
    for metric in ("reviews_received", "reviews_removed", "star_distribution"):
        assert {(metric, "value"), (metric, "zero"), (metric, "not_measured")} <= states | {(metric, "not_measured")}
    assert any(key[3] == "net_sentiment" and (figure["value"] or 0) < 0 for key, figure in figures.items())
    assert {("net_sentiment", "too_few"), ("net_sentiment", "not_measured")} <= states
    assert {("topic_balance", "value"), ("topic_balance", "too_few"), ("topic_balance", "not_measured")} <= states
    assert {("rating_shown_by_site", "value"), ("rating_shown_by_site", "not_measured")} <= states
    assert {("reviews_held", state) for state in ("value", "too_few", "not_measured")} <= states
    assert any(key[3] == "reviews_held" and 0 < (figure["value"] or 0) < 1 for key, figure in figures.items())
    assert {("hours_since_full_list", state) for state in ("value", "zero", "not_measured")} <= states
    assert {("low_share", "value"), ("low_share", "too_few"), ("low_share", "not_measured")} <= states
    assert {("reply_hours", "value"), ("reply_hours", "too_few")} <= states
    assert {("reply_share", "value"), ("reply_share", "not_measured")} <= states
    assert {("target_met_share", state) for state in ("value", "zero", "too_few", "not_measured")} <= states
    signs = {(key[4], figure["state"]) for key, figure in figures.items() if key[3] == "integrity_signs"}
    for part in ("incentive in reviews", "staff named", "accounts of one review", "own people", "gating"):
        assert {(part, "value"), (part, "zero"), (part, "not_measured")} <= signs
    assert {("staff named", "too_few"), ("accounts of one review", "too_few")} <= signs
    assert any(review["removed"] for review in account.reviews)
    assert any(reply["said"] is None for reply in account.replies)


def test_nothing_told_of_a_topic_gives_away_how_many_made_single_remarks(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    """Of every pair of praise and criticism the balance is that of the slow account, and all that is told of a topic is
    the same whether one, two, three or four reviews say so."""
    models = compiled(built_at(tmp_path_factory.getbasetemp(), None)[0], ("topic_mentions", "topic_balance"))
    pairs = [(praise, blame) for praise in range(15) for blame in range(15)]
    with empty_core({"topic_months": _TOPIC_MONTHS}) as connection:
        connection.executemany(
            "insert into core.topic_months values (?, 'g', '2026-09-01', ?, ?, 30, null, null)",
            [
                (f"{pair[0]}/{pair[1]}", f"wait/{mood}", number)
                for pair in pairs
                for mood, number in zip(("positive", "negative"), pair, strict=True)
            ],
        )
        told: dict[str, dict[str, Row]] = defaultdict(dict)
        for metric in ("topic_mentions", "topic_balance"):
            sql = next(text for _, name, text in models if name == metric)
            for row in rows(connection, f"select * from ({sql}\n) as figures order by all"):
                about = {name: row.pop(name) for name in ("practice_id", "site", "month", "part")}
                told[about["practice_id"]][f"{metric} {about['part']}"] = row
    for other in range(15):
        for number in (2, 3, 4):
            assert told[f"{number}/{other}"] == told[f"1/{other}"]
            assert told[f"{other}/{number}"] == told[f"{other}/1"]
    for praise, blame in pairs:
        balance, expected = told[f"{praise}/{blame}"]["topic_balance wait"], _balance(praise, blame, None, None)
        assert balance.keys() == expected.keys()
        for name, value in expected.items():
            there = balance[name] if not isinstance(value, float) else float(balance[name])
            assert there == pytest.approx(value, abs=1e-6), (praise, blame, name)
        # What one side may tell is told, so that this is no test of silence.
        assert (balance["value"] is None) == (praise + blame < 10 or bool({praise, blame} & {1, 2, 3, 4}))


def test_verdicts_are_what_the_slow_account_says(known: tuple[DataDir, Account]) -> None:
    data, account = known
    with open_warehouse(data) as connection:
        found = {
            (r["practice_id"], r["site"], r["month"], r["months"], r["metric"], r["part"]): r
            for r in rows(connection, "select * from reports.verdicts")
        }
    expected = {
        (*place, month, span, *metric): _compared(account, place, month, span, *metric)
        for place in account.places
        for month in account.months(place)
        for span in (1, 3)
        for metric in [
            *[(name, "") for name in ("mean_stars", "low_share", "reviews_received", "reply_share")],
            *[("topic_mentions", f"{topic}/{mood}") for topic in REPORTED for mood in ("positive", "negative")],
        ]
    }
    expected |= {
        (*place, month, 12, "reviews_received", ""): _compared(account, place, month, 12, "reviews_received", "")
        for place in account.places
        for month in account.months(place)
        if _two_years_read(account, place, month)
    }
    assert any(key[3] == 12 for key in expected), "two years of a place are on record"
    # A conversation has an account of its own, in test_engagement; here nobody speaks, so it adds no test to a family.
    assert {row["verdict"] for key, row in found.items() if not key[1]} <= {"not_measured", "first_month", "too_early"}
    found = {key: row for key, row in found.items() if key[1]}
    assert found.keys() == expected.keys()
    families: dict[tuple[str, dt.date], list[Row]] = defaultdict(list)
    for key, row in expected.items():
        if row["verdict"] is None:
            families[key[0], key[2]].append(row)
    for family in families.values():
        adjusted = stats.false_discovery_control([row["p"] for row in family])
        for row, after in zip(family, adjusted, strict=True):
            row["after"] = float(after)
            clear = row["p"] < 0.05 and after <= 0.10 and row["large"]
            row["verdict"] = ("rose" if row["difference"] > 0 else "fell") if clear else "no_clear_change"
    for key, row in expected.items():
        there = found[key]
        assert there["verdict"] == row["verdict"], key
        assert there["is_hidden"] == row["hidden"], key
        if row["hidden"] or "p" not in row:
            assert there["p_value"] is None
            assert there["p_adjusted"] is None
        else:
            assert float(there["p_value"]) == pytest.approx(row["p"], abs=1e-6)
            assert float(there["p_adjusted"]) == pytest.approx(row["after"], abs=1e-6)
        if row["hidden"]:
            assert there["difference"] is None
            assert there["this_value"] is None
            assert there["previous_value"] is None
        elif "difference" in row and key[4] != "reviews_received":
            assert float(there["difference"]) == pytest.approx(float(row["difference"]), abs=1e-5)
    spoken = {(key[3], key[4], row["verdict"]) for key, row in expected.items()}
    assert {(3, "mean_stars", "too_early"), (1, "topic_mentions", "no_clear_change")} <= spoken


def _two_years_read(account: Account, place: tuple[str, str], month: dt.date) -> bool:
    months = [add_months(month, -back) for back in range(24)]
    numbers = [account.told[place].get((m, "reviews_received", "")) for m in months]
    return all(number and number["state"] != "not_measured" and not number["reason"] for number in numbers)


def _compared(
    account: Account, place: tuple[str, str], month: dt.date, span: int, metric: str, part: str
) -> dict[str, Any]:
    """One comparison of `span` months with as many before them: a verdict without a test, or a test without one."""
    own, length = account.months(place), {1: 1, 3: 3, 12: 1}[span]
    now = [m for m in (add_months(month, -back) for back in range(length)) if m in own]
    before = [m for m in (add_months(month, -back) for back in range(span, span + length)) if m in own]
    figures = account.told[place]
    told = {m: figures[m, metric, part] for m in now + before}
    judged = {m: account.judged(place, m) for m in now + before}
    said = {m: sum(part in review["topics"] for review in judged[m]) for m in now + before}
    row: dict[str, Any] = {
        "hidden": metric == "topic_mentions" and any(number in (1, 2, 3, 4) for number in said.values()),
        "verdict": None,
    }
    if not before and span == 1:
        return row | {"verdict": "first_month"}
    if len(before) < length:
        return row | {"verdict": "too_early"}
    if any(figure["state"] == "not_measured" for figure in told.values()):
        return row | {"verdict": "not_measured"}
    days = [sum((min(add_months(m, 1), account.as_of) - m).days for m in some) for some in (before, now)]
    shares = [
        (sum(said[m] for m in some), sum(len(judged[m]) for m in some))
        if metric == "topic_mentions"
        else (sum(told[m]["numerator"] for m in some), sum(told[m]["sample_size"] for m in some))
        for some in (before, now)
    ]
    (k, n), (k_now, n_now) = shares
    if metric == "reviews_received":
        if any(figure["reason"] for figure in told.values()) or not all(
            (min(add_months(m, 1), account.as_of) - m).days for m in (*now, *before)
        ):
            return row | {"verdict": "not_measured"}
        p = float(stats.binomtest(k_now, k + k_now, days[1] / sum(days)).pvalue) if k + k_now else 1.0
        # The rate of a day tells which way, while the numbers themselves are what is printed.
        rate = Fraction(k_now, days[1]) - Fraction(k, days[0])
        return row | {"p": p, "difference": rate, "large": True}
    if metric == "reply_share" and any(figure["reason"] == "maturing" for figure in told.values()):
        return row | {"verdict": "not_measured"}
    if min(n, n_now) < 5:
        return row | {"verdict": "too_few"}
    difference = Fraction(k_now, n_now) - Fraction(k, n)
    if metric == "mean_stars":
        stars = [_stars([r for m in some for r in account.of_month(place, m)]) for some in (before, now)]
        p, large = statistics.permutation_test(*stars), abs(difference) >= Fraction(3, 10)
    else:
        p = float(stats.fisher_exact([[k, n - k], [k_now, n_now - k_now]]).pvalue)
        large = abs(difference) >= Fraction(15, 100)
    return row | {"p": p, "difference": difference, "large": large}


def test_bursts_are_what_the_slow_account_says(known: tuple[DataDir, Account]) -> None:
    data, account = known
    with open_warehouse(data) as connection:
        found = rows(connection, "select * from reports.bursts")
    expected = {
        (*place, month, week): (burst["verdict"], burst["leaning"], burst["reviews"], size, burst["weeks_before"])
        for (place, week), burst in account.bursts.items()
        for month, size in burst["months"].items()
    }
    assert {
        (r["practice_id"], r["site"], r["month"], r["week"]): (
            r["verdict"],
            r["leaning"],
            r["reviews"],
            r["reviews_in_month"],
            r["weeks_before"],
        )
        for r in found
    } == expected
    assert {verdict for verdict, *_ in expected.values()} == {"unusual number", "unusual cluster"}
    # A week that reaches into two months is told of in both.
    assert len({month for (_, _, month, week) in expected if week == ATTACK}) == 2


def test_the_parts_of_a_score_add_up_to_it(known: tuple[DataDir, Account]) -> None:
    data, _ = known
    with open_warehouse(data) as connection:
        sums = rows(
            connection,
            "select figures.*, sum(points) as points, sum(out_of) as out_of, any_value(words) as words, "
            "sum(weight) filter (score_parts.part = 'stars') as weights "
            "from reports.figures full join reports.score_parts "
            "on figures.practice_id = score_parts.practice_id and figures.site = score_parts.site "
            "and figures.month = score_parts.month and figures.metric = score_parts.score "
            "where figures.metric like 'reputation_score%' and figures.part = '' group by all",
        )
    assert {(row["metric"], row["state"]) for row in sums} >= {
        (metric, state)
        for metric in ("reputation_score", "reputation_score_combined")
        for state in ("value", "too_few", "not_measured")
    }
    for row in sums:
        if row["state"] != "value":
            assert row["points"] is None, "below the gate there is no number at all"
            continue
        assert float(row["points"]) == pytest.approx(float(row["value"]), abs=1e-5)
        assert float(row["out_of"]) == pytest.approx(100, abs=1e-5)
        assert float(row["weights"]) == pytest.approx(1, abs=1e-9)
        half = float(row["high"] - row["low"]) / 2
        if row["low"] > 0 and row["high"] < 100:
            assert row["words"] == ("firm" if half <= 6 else "fair" if half <= 12 else "rough")


def test_sustained_changes_are_what_the_slow_account_says(known: tuple[DataDir, Account]) -> None:
    data, account = known
    with open_warehouse(data) as connection:
        found = {
            (r["practice_id"], r["site"], r["month"], r["metric"]): (r["verdict"], r["since"], r["base_size"])
            for r in rows(connection, "select * from reports.sustained_changes")
        }
    expected = {}
    for place in account.places:
        own = account.months(place)
        for index, month in enumerate(own):
            watched = own[max(12, index - 11) : index + 1]
            base = own[own.index(watched[0]) - 12 : own.index(watched[0])] if watched else []
            if len(watched) < 3:
                continue
            for metric in ("mean_stars", "low_share"):
                value = (lambda stars: stars) if metric == "mean_stars" else (lambda stars: int(stars <= 2))
                spoken = slow_cusum(
                    [value(r["stars"]) for m in base for r in account.of_month(place, m) if r["stars"]],
                    [[value(r["stars"]) for r in account.of_month(place, m) if r["stars"]] for m in watched],
                )
                if spoken:
                    since = watched[spoken[1]]
                    size = sum(bool(r["stars"]) for m in base for r in account.of_month(place, m))
                    expected[(*place, month, metric)] = (spoken[0], since, size)
    assert found == expected
    assert expected


def slow_cusum(base: list[int], months: list[list[int]]) -> tuple[str, int] | None:
    if len(base) < 30 or len(set(base)) == 1:
        return None
    mean, variance = statistics_of(base)
    for verdict, sign in (("rose", 1), ("fell", -1)):
        total, began = 0.0, 0
        for number, values in enumerate(months):
            if len(values) >= 5:
                away = (sum(values) / len(values) - mean) / (variance * (1 / len(values) + 1 / len(base))) ** 0.5
                began = number if total == 0 else began
                total = max(0.0, total + sign * away - 0.5)
        if total >= 7:
            return verdict, began
    return None


def statistics_of(values: list[int]) -> tuple[float, float]:
    return float(np.mean(values)), float(np.var(values, ddof=1))


def _stars(reviews: list[dict[str, Any]]) -> list[int]:
    return [sum(review["stars"] == star for review in reviews) for star in range(1, 6)]


def test_reviews_that_need_an_answer_are_those_of_the_slow_account(known: tuple[DataDir, Account]) -> None:
    data, account = known
    expected = {
        (*review["place"], month, review["id"], (account.as_of - review["written"].date()).days)
        for review in account.reviews
        if account.can_reply(review["place"])
        and review["newest_points"] in (1, 2, 3)
        and review["removed"] is None
        and review["wait"] is None
        and not (review["handled"] and review["handled"] <= account.as_of)
        # Older ones are past answering: what helps is to answer the next.
        and (account.as_of - review["written"].date()).days <= 90
        for month in account.months(review["place"])
        if review["month"] <= month
    }
    with open_warehouse(data) as connection:
        listed = rows(connection, "select * from reports.needs_answer")
    found = {(r["practice_id"], r["site"], r["month"], r["item_id"], r["days_waiting"]) for r in listed}
    assert found == expected
    # A warning in place of stars waits, too.
    assert {row["stars"] for row in listed} == {None, 1, 2, 3}


def test_coverage_is_what_the_slow_account_says(known: tuple[DataDir, Account]) -> None:
    data, account = known
    with open_warehouse(data) as connection:
        covered = rows(connection, "select * from reports.coverage")
    assert len(covered) == sum(len(account.months(place)) for place in account.places)
    for row in covered:
        place, after = (row["practice_id"], row["site"]), add_months(row["month"], 1)
        seen_by = [n for n in account.nights(place, "all") if row["month"] < n <= after]
        read, complete = account.nights(place, "ok"), account.nights(place, "complete")
        assert row["nights_read"] == len([n for n in read if n in seen_by])
        if row["source"] == "owner_export":
            assert row["nights_expected"] == len(seen_by)
        else:
            assert row["nights_expected"] == len(seen_by) if seen_by else row["nights_expected"] == 0
        assert row["last_read_night"] == (read[-1] if read else None)
        assert row["last_complete_night"] == (complete[-1] if complete else None)
        here = [review for review in account.reviews if review["place"] == place]
        assert row["held"] == sum(review["removed"] is None for review in here)
        gone = [r for r in here if r["removed"] and row["month"] <= r["removed"] < after]
        assert row["vanished"] == len(gone)
        assert row["platform_total"] == account.totals.get(place)
        whole = bool(read and complete) and read[-1] >= after and complete[-1] >= after - 8 * DAY
        assert row["month_is_complete"] == whole
        failed = account.nights(place, "failed")
        if failed and failed[-1] > (read[-1] if read else dt.date.min):
            assert row["why"] == f"the night of {failed[-1]} failed: the key has expired"
        else:
            assert (row["why"] is None) == whole
