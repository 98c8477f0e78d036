"""Small warehouses for report tests: exactly the tables a report reads, in states that are awkward on paper."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import duckdb
import yaml

from pipelines.periods import add_months, last_day
from pipelines.practices import Practice, Practices
from pipelines.render import report_inputs
from pipelines.settings import REPOSITORY
from pipelines.view.held import ReportInputs

MONTH = dt.date(2026, 10, 1)
AS_OF = dt.date(2026, 11, 2)
_TABLES = {
    "figures": "practice_id VARCHAR, site VARCHAR, month DATE, metric VARCHAR, part VARCHAR, value DECIMAL(18,6), "
    "low DECIMAL(18,6), high DECIMAL(18,6), numerator BIGINT, sample_size BIGINT, state VARCHAR, reason VARCHAR",
    "verdicts": "practice_id VARCHAR, site VARCHAR, month DATE, months INTEGER, metric VARCHAR, "
    "part VARCHAR, this_value DECIMAL(18,6), previous_value DECIMAL(18,6), this_size BIGINT, previous_size BIGINT, "
    "difference DECIMAL(18,6), p_value DECIMAL(18,6), p_adjusted DECIMAL(18,6), verdict VARCHAR",
    "needs_answer": "practice_id VARCHAR, month DATE, source VARCHAR, site VARCHAR, item_id VARCHAR, url VARCHAR, "
    "written_on DATE, stars INTEGER, score_stars INTEGER, days_waiting INTEGER, "
    "has_text BOOLEAN, criticised VARCHAR[], has_alert BOOLEAN",
    "coverage": "practice_id VARCHAR, month DATE, source VARCHAR, site VARCHAR, nights_expected INTEGER, "
    "nights_read INTEGER, last_read_night DATE, last_complete_night DATE, set_aside INTEGER, vanished INTEGER, "
    "held INTEGER, conversation_items INTEGER, platform_total INTEGER, has_reviews BOOLEAN, left_out BOOLEAN, "
    "attribution VARCHAR, month_is_complete BOOLEAN, why VARCHAR",
    "catalogue": "metric VARCHAR, title VARCHAR, definition VARCHAR",
    "score_parts": "practice_id VARCHAR, site VARCHAR, month DATE, part VARCHAR, words VARCHAR, points DECIMAL(18,6), "
    "out_of DECIMAL(18,6), largest_move DECIMAL(18,6), is_current BOOLEAN, handled BIGINT",
    "engagement_parts": "practice_id VARCHAR, month DATE, part VARCHAR, s BIGINT, n BIGINT, points DECIMAL(18,6), "
    "of INTEGER, known BOOLEAN, why VARCHAR, is_current BOOLEAN, handled BIGINT",
    "engagement_summary": "practice_id VARCHAR, month DATE, people INTEGER, acts INTEGER, firmness VARCHAR, "
    "left_out VARCHAR",
    "communities": "practice_id VARCHAR, month DATE, source VARCHAR, site VARCHAR, place VARCHAR, thread VARCHAR, "
    "url VARCHAR, first_post_on DATE, last_activity_on DATE, replies INTEGER, mentions INTEGER, recommend INTEGER, "
    "discourage INTEGER, staying_power DECIMAL(18,6)",
    "bursts": "practice_id VARCHAR, site VARCHAR, month DATE, week DATE, verdict VARCHAR, leaning VARCHAR, "
    "reviews BIGINT, weeks_before BIGINT[], rated BIGINT, low_rated BIGINT, best_rated BIGINT",
    "worth_a_look": "practice_id VARCHAR, kind VARCHAR, source VARCHAR, site VARCHAR, item_id VARCHAR, month DATE, "
    "written_on DATE, changed_on DATE, classes VARCHAR[], severity VARCHAR, url VARCHAR, counted BOOLEAN",
    "changes_since_last_report": "practice_id VARCHAR, source VARCHAR, site VARCHAR, month DATE, change VARCHAR, "
    "since DATE, number BIGINT, urls VARCHAR[], stars_were VARCHAR[], stars_are VARCHAR[], announced BIGINT, "
    "confirmed BIGINT, state VARCHAR, reason VARCHAR",
    "figures_since_last_report": "practice_id VARCHAR, site VARCHAR, month DATE, metric VARCHAR, since DATE, "
    "was DECIMAL(18,6), numerator_was BIGINT, size_was BIGINT, state_was VARCHAR, now DECIMAL(18,6), "
    "numerator_now BIGINT, size_now BIGINT, state_now VARCHAR",
    "vanity": "practice_id VARCHAR, month DATE, site VARCHAR, source VARCHAR, metric VARCHAR, meaning VARCHAR, "
    "value BIGINT, counted VARCHAR, break_note VARCHAR",
    "build_info": "as_of_night DATE, inputs_id VARCHAR, score_version VARCHAR",
}
METRICS = tuple(
    {"metric": path.stem, **{field: told.config["meta"][field].strip() for field in ("title", "definition")}}
    for path in sorted((REPOSITORY / "sql" / "models" / "metrics").glob("*.yml"))
    for told in [SimpleNamespace(**yaml.safe_load(path.read_text())["models"][0])]
)
_PRIOR = (0.16, 0.06, 0.10, 0.24, 1.44)
Stars = tuple[int, int, int, int, int]


@dataclass
class Warehouse:
    """Rows to be written, and the practice they are about."""

    practice_id: str = "riverside"
    name: str = "Riverside Family Dental"
    paper: str = "letter"
    month: dt.date = MONTH
    as_of: dt.date = AS_OF
    rows: dict[str, list[dict[str, Any]]] = field(default_factory=lambda: {name: [] for name in _TABLES})

    def practice(self) -> Practice:
        return Practice.model_validate({"id": self.practice_id, "name": self.name, "paper": self.paper})

    def figure(self, site: str, month: dt.date, metric: str, value: float | None, **more: Any) -> None:
        row: dict[str, Any] = {
            "part": "",
            "low": None,
            "high": None,
            "numerator": None,
            "sample_size": 0,
            "reason": None,
        }
        state = "not_measured" if value is None else "value"
        row |= {"site": site, "month": month, "metric": metric, "value": value, "state": state} | more
        self.rows["figures"].append(row)

    def site(
        self,
        site: str,
        months: Sequence[Stars | None],
        *,
        verdicts: dict[str, str] | None = None,
        can_reply: bool = True,
        answered: float = 0.7,
        removed: int = 0,
        source: str = "google_business",
        **coverage: Any,
    ) -> Warehouse:
        """Add a site with its counts of 1..5 stars a month, oldest first, None where it was not read."""
        for back, counts in enumerate(reversed(months)):
            self._month(site, add_months(self.month, -back), counts, can_reply, answered, 0 if back else removed)
        self._verdicts(site, months, verdicts or {})
        nights = (last_day(self.month) - self.month).days + 1
        held = sum(sum(counts) for counts in months if counts)
        row: dict[str, Any] = {
            "source": source,
            "site": site,
            "nights_expected": nights,
            "nights_read": nights,
            "vanished": removed,
        }
        row |= {"last_read_night": self.as_of, "last_complete_night": self.as_of, "set_aside": 0, "held": held}
        row |= {"platform_total": held, "month_is_complete": True, "why": None}
        row |= {"has_reviews": True, "conversation_items": 0, "left_out": False, "attribution": ""}
        self.rows["coverage"].append(row | coverage)
        return self

    def _month(
        self, site: str, month: dt.date, counts: Stars | None, can_reply: bool, answered: float, removed: int
    ) -> None:
        size = sum(counts) if counts else 0
        if counts is None:
            for metric in ("reviews_received", "mean_stars", "low_share", "reply_share", "reply_hours"):
                self.figure(site, month, metric, None, reason="not read")
            return
        self.figure(site, month, "reviews_received", size, sample_size=size, state="value" if size else "zero")
        for stars, reviews in enumerate(counts, 1):
            state = "value" if reviews else "zero"
            self.figure(site, month, "star_distribution", reviews, part=str(stars), sample_size=size, state=state)
        if size < 5:
            self.figure(site, month, "mean_stars", None, sample_size=size, state="too_few")
        else:
            mean = sum(stars * reviews for stars, reviews in enumerate(counts, 1)) / size
            low, high = _likely_range(counts)
            self.figure(site, month, "mean_stars", mean, low=low, high=high, sample_size=size)
        low_reviews = counts[0] + counts[1]
        state = "too_few" if size < 10 else "value" if low_reviews else "zero"
        share = low_reviews / size if size >= 10 else None
        self.figure(site, month, "low_share", share, numerator=low_reviews, sample_size=size, state=state)
        if not can_reply:
            for metric in ("reply_share", "critical_reply_share", "reply_hours"):
                self.figure(site, month, metric, None, reason="replies cannot be seen here")
            return
        replies, critical = round(size * answered), sum(counts[:3])
        maturing = "maturing" if add_months(month, 1) + dt.timedelta(days=30) > self.as_of else None
        state = "not_measured" if maturing else "value" if size >= 10 else "too_few"
        share = None if maturing or not size else replies / size
        more = {"numerator": replies, "sample_size": size, "state": state, "reason": maturing}
        self.figure(site, month, "reply_share", share, **more)
        within = round(critical * answered)
        state = "too_few" if critical < 10 else "value"
        self.figure(site, month, "critical_reply_share", None, numerator=within, sample_size=critical, state=state)
        if answered >= 0.5 and size:
            self.figure(site, month, "reply_hours", 26.0, sample_size=size)
        else:
            self.figure(site, month, "reply_hours", None, sample_size=size, reason="more than half not answered yet")
        self.figure(site, month, "reviews_removed", removed, state="value" if removed else "zero")

    def _verdicts(self, site: str, months: Sequence[Stars | None], verdicts: dict[str, str]) -> None:
        now = months[-1]
        before = months[-2] if len(months) > 1 else None
        size, size_before = sum(now or ()), sum(before or ())
        missing = "first_month" if len(months) == 1 else "not_measured" if None in (now, before) else ""
        values: dict[str, tuple[float | None, float | None]] = {
            "mean_stars": (_mean(now), _mean(before)),
            "low_share": (_low(now), _low(before)),
            "reviews_received": (size, size_before),
            "reply_share": (None, None),
        }
        for metric, (this, previous) in values.items():
            few = "too_few" if min(size, size_before) < 5 and metric != "reviews_received" else "no_clear_change"
            verdict = missing or ("not_measured" if metric == "reply_share" else few)
            row: dict[str, Any] = {"site": site, "metric": metric, "this_value": this, "previous_value": previous}
            row |= {
                "months": 1,
                "part": "",
                "this_size": size,
                "previous_size": size_before,
                "verdict": verdicts.get(metric, verdict),
            }
            self.rows["verdicts"].append(row | {"difference": None, "p_value": None, "p_adjusted": None})

    def talk_changed(
        self, metric: str, months: int, before: tuple[int, int], now: tuple[int, int], verdict: str
    ) -> Warehouse:
        """Add a verdict on a share of the conversation: what was found of how many before and now."""
        values = {"this_value": now[0] / now[1], "previous_value": before[0] / before[1]}
        sizes = {"this_size": now[1], "previous_size": before[1], "months": months, "part": ""}
        row = {"site": "", "metric": metric, "verdict": verdict, "difference": None, "p_value": None}
        self.rows["verdicts"].append(row | values | sizes | {"p_adjusted": None})
        return self

    def waiting(self, number: int, url: str | None = "https://maps.example/reviews/1") -> Warehouse:
        """Add low reviews on Google that nobody answered."""
        for index in range(number):
            written = last_day(self.month) - dt.timedelta(days=3 * index)
            row: dict[str, Any] = {
                "source": "google_business",
                "site": "google",
                "item_id": f"item-{index}",
                "url": url,
            }
            row |= {"written_on": written, "stars": 1 + index % 3, "days_waiting": (self.as_of - written).days}
            criticised = [[], ["wait_on_site"], ["phone_digital", "wait_on_site"], ["skill_diagnosis"]][index % 4]
            row |= {"criticised": criticised, "has_alert": index == 4}
            self.rows["needs_answer"].append(row | {"score_stars": row["stars"], "has_text": True})
        return self

    def warned(self, *days: int) -> Warehouse:
        """Add reviews on Facebook that do not recommend the practice, so many days old, that nobody answered."""
        for number, old in enumerate(days):
            row: dict[str, Any] = {"source": "facebook", "site": "facebook", "item_id": f"warning-{number}"}
            row |= {"url": f"https://facebook.example/{number}", "written_on": self.as_of - dt.timedelta(days=old)}
            row |= {"stars": None, "score_stars": 1, "days_waiting": old, "has_text": True}
            self.rows["needs_answer"].append(row | {"criticised": [], "has_alert": False})
        return self

    def recommends(self, site: str, yes: int, of: int) -> Warehouse:
        """Say how many of a site's reviews recommend the practice, where it asks for yes or no."""
        state = "value" if of >= 10 else "too_few"
        value = yes / of if of >= 10 else None
        for row in self.rows["figures"]:
            if (row["site"], row["month"], row["metric"]) == (site, self.month, "reviews_received"):
                row |= {"value": of, "sample_size": of, "state": "value"}
        self.figure(site, self.month, "recommendations", value, numerator=yes, sample_size=of, state=state)
        return self

    def numbers(self, site: str, **given: int | str | None) -> Warehouse:
        """Add numbers that move no score, by the platform's names; a text is why the platform gives none."""
        for metric, value in given.items():
            row: dict[str, Any] = {"site": site, "source": site, "metric": metric, "meaning": "other"}
            number, note = (None, value) if isinstance(value, str) else (value, None)
            row |= {"value": number, "counted": "at the end of the month", "break_note": note}
            self.rows["vanity"].append(row)
        return self

    def score(
        self, site: str, value: float | None, half: float = 9.0, *, reason: str | None = None, handled: int = 0
    ) -> Warehouse:
        """Give a site, or '' for all together, its Reputation Score, or the reason why it has too few reviews."""
        metric = "reputation_score" if site else "reputation_score_combined"
        if value is None:
            self.figure(site, self.month, metric, None, state="too_few", reason=reason)
            return self
        low, high = max(0.0, value - half), min(100.0, value + half)
        self.figure(site, self.month, metric, value, low=low, high=high, sample_size=60)
        words = "firm" if half <= 6 else "fair" if half <= 12 else "rough"
        for part, of in (("stars", 60), ("not unhappy", 20), ("answers", 20)):
            row = {"site": site, "part": part, "words": words, "points": value * of / 100, "out_of": of}
            row |= {"is_current": True, "largest_move": 3.05, "handled": handled if part == "answers" else 0}
            self.rows["score_parts"].append(row)
        return self

    def judged(
        self,
        site: str,
        topics: dict[str, tuple[int, int]],
        *,
        size: int = 24,
        alerts: Sequence[int] | None = (0, 0, 0),
        replies: Sequence[int] | None = (0, 0, 0),
        comments: Sequence[int] = (0, 0, 0),
    ) -> Warehouse:
        """Add reviews whose words were judged: praise and criticism by topic, and what to look at by kind."""
        for topic, numbers in topics.items():
            for polarity, number in zip(("positive", "negative"), numbers, strict=True):
                part, single = f"{topic}/{polarity}", 1 <= number <= 4
                more: dict[str, Any] = {"part": part, "sample_size": size, "numerator": None if single else number}
                more |= {"state": "too_few" if single else "value", "reason": "single remarks" if single else None}
                self.figure(site, self.month, "topic_mentions", None if single else number / size, **more)
        kinds = {"alerts": ("ALERT_safety", "ALERT_discrimination", "ALERT_privacy")}
        kinds["replies_to_look_at"] = ("critical", "high", "caution")
        for metric, counts in (("alerts", alerts), ("replies_to_look_at", replies)):
            for place, part in enumerate(kinds[metric]):
                if counts is None:
                    self.figure(site, self.month, metric, None, part=part, reason="no such language")
                else:
                    state = "value" if counts[place] else "zero"
                    self.figure(site, self.month, metric, counts[place], part=part, state=state)
                    for number in range(counts[place]):
                        self._worth_a_look(site, part, number)
        for part, count in zip(kinds["replies_to_look_at"], comments, strict=True):
            for number in range(count):
                self._worth_a_look(site, part, number, own_words="comment")
        return self

    def _worth_a_look(self, site: str, part: str, number: int, own_words: str = "reply") -> None:
        """Add a review with an alert or, of a severity, own words with such signs; every third has no link."""
        is_alert = part.startswith("ALERT")
        day = last_day(self.month) - dt.timedelta(days=4 * number + len(part))
        row: dict[str, Any] = {"kind": "review" if is_alert else own_words, "source": "s", "site": site}
        row |= {"item_id": f"item-{part}-{number}", "severity": None if is_alert else part, "written_on": day}
        row |= {"month": self.month if is_alert else add_months(self.month, -number), "changed_on": day}
        row["counted"] = True
        if own_words == "comment":
            row["month"] = day.replace(day=1)
        row |= {"url": None if number % 3 == 2 else f"https://{site}.example/{part}/{number}"}
        signs = {"critical": ["P11", "P4"], "high": ["N2", "P4", "P6"], "caution": ["P1"]}
        self.rows["worth_a_look"].append(row | {"classes": [part] if is_alert else signs[part]})

    def talk(
        self,
        score: float | None,
        *,
        parts: Sequence[tuple[int, int]] = ((14, 20), (6, 22), (9, 30), (5, 38), (15, 24), (18, 60)),
        unknown: dict[str, str] | None = None,
        people: int = 38,
        acts: int = 60,
        mix: Sequence[int] = (6, 5, 1, 3, 7, 1, 1),
        waiting: int = 3,
        left_out: str | None = None,
        communities: int = 2,
        requests: Mapping[str, int] | None = None,
        handled: int = 0,
    ) -> Warehouse:
        """Add what is known of conversation; without a score there was too little of it to give one."""
        unknown, month = unknown or {}, self.month
        low, high = (None, None) if score is None else (max(0.0, score - 14.7), min(100.0, score + 14.7))
        state, reason = ("value", left_out) if score is not None else ("too_few", "too little activity to score")
        more: dict[str, Any] = {"low": low, "high": high, "numerator": acts, "sample_size": people}
        self.figure("", month, "engagement_score", score, state=state, reason=reason, **more)
        firmness = None if score is None else "rough"
        summary = {"people": people, "acts": acts, "firmness": firmness, "left_out": left_out}
        self.rows["engagement_summary"].append(summary)
        names = ("answered_share", "depth_share", "came_back_share", "word_of_mouth_share", "helpful_mix_share")
        weights = (25, 20, 15, 15, 15, 10)
        for number, (name, of, (found, size)) in enumerate(
            zip((*names, "reaching_out_share"), weights, parts, strict=True), 1
        ):
            why = unknown.get(f"E{number}")
            share = None if why or size < 10 else found / size
            state = "not_measured" if why else "value" if size >= 10 else "too_few"
            told = {"numerator": None if why else found, "sample_size": 0 if why else size, "reason": why}
            self.figure("", month, name, share, state=state, **told)
            points = None if score is None else of * score / 100
            row = {"part": f"E{number}", "s": found, "n": size, "points": points, "of": of}
            self.rows["engagement_parts"].append(
                row | {"known": why is None, "why": why, "is_current": True, "handled": handled if number == 1 else 0}
            )
        asked = parts[0][1]
        told = {"numerator": asked - waiting, "sample_size": asked, "state": "value" if asked >= 5 else "too_few"}
        self.figure("", month, "talk_reply_hours", 5.2 if asked >= 5 else None, **told)
        posts_and_answers = asked + sum(mix)
        told = {"numerator": asked, "sample_size": posts_and_answers}
        self.figure("", month, "dialogue_share", asked / max(1, posts_and_answers), **told)
        types = ("health_information", "community", "recognition", "answer", "promotion", "other", "not coded")
        for part, posts in zip(types, mix, strict=True):
            self.figure("", month, "post_mix", posts, part=part, state="value" if posts else "zero")
        for part in ("", "bluesky", "mastodon"):
            posts = sum(mix) // 2 if part else sum(mix)
            for name, value in (("conversation_per_post", 2.14), ("amplification_per_post", 0.4)):
                told = {"part": part, "sample_size": posts, "state": "value" if sum(mix) >= 4 else "too_few"}
                self.figure("", month, name, value if sum(mix) >= 4 else None, **told)
        state = "value" if communities else "zero"
        self.figure("", month, "community_mentions", 3 * communities, state=state)
        for part, number in (requests or {}).items():
            state = "value" if number else "zero"
            self.figure("", month, "recommendation_requests", number, part=part, state=state)
        for place in range(communities):
            row = {"source": "reddit", "site": "reddit", "place": f"r/riverside{place}", "thread": f"t{place}"}
            row |= {"url": f"https://forum.example/t/{place}", "first_post_on": dt.date(2026, 3, 4)}
            row |= {"last_activity_on": dt.date(2026, 10, 21), "replies": 9 - place, "mentions": 3, "recommend": place}
            self.rows["communities"].append(row | {"discourage": place // 2, "staying_power": 0.9 - place / 20})
        return self

    def unusual(self, site: str, verdict: str, *, mean_without: float | None = None) -> Warehouse:
        """Add a week of 48 reviews after weeks of about six, and the month's mean without it."""
        leaning = "low" if verdict == "unusual cluster" else None
        row: dict[str, Any] = {"site": site, "week": dt.date(2026, 10, 5), "verdict": verdict, "leaning": leaning}
        row |= {"reviews": 48, "weeks_before": [6, 5, 7, 6, 4, 6, 8, 5, 6, 7, 5, 6], "rated": 48}
        self.rows["bursts"].append(row | {"low_rated": 44, "best_rated": 2})
        if leaning:
            few = "too_few" if mean_without is None else "value"
            self.figure(site, self.month, "mean_stars", mean_without, part="without the cluster", state=few)
        return self

    def repeated(self, site: str, reviews: int, of: int) -> Warehouse:
        """Say how many of a site's reviews have the words of another account's."""
        state = "value" if reviews else "zero"
        self.figure(site, self.month, "repeated_texts", reviews, sample_size=of, state=state)
        return self

    def sign(self, site: str, part: str, reviews: int, of: int) -> Warehouse:
        """Say how many of a site's reviews have a sign worth checking."""
        state = "value" if reviews else "zero"
        self.figure(site, self.month, "integrity_signs", reviews, part=part, sample_size=of, state=state)
        return self

    def invites(self, part: str, posts: int, of: int) -> Warehouse:
        """Say how many of the practice's own posts ask for reviews in a way worth checking."""
        state = "value" if posts else "zero"
        self.figure("", self.month, "review_invitations", posts, part=part, sample_size=of, state=state)
        return self

    def changed(
        self,
        site: str,
        change: str,
        urls: Sequence[str | None],
        stars: Sequence[str] = (),
        reason: str | None = None,
        *,
        sure: tuple[int, int] = (0, 0),
    ) -> Warehouse:
        """Say what is otherwise than in the last report, of as many reviews as links; `stars` before and now.

        Of those that vanished, `sure` says how many the site announced and how many are confirmed.
        """
        known = reason is None or bool(urls)
        row: dict[str, Any] = {"source": "s", "site": site, "change": change, "number": len(urls) if known else None}
        row |= {"since": self.month.replace(day=2) if known else None, "urls": list(urls), "reason": reason}
        row |= {"state": "value" if urls else "zero" if known else "not_measured"}
        row |= {"stars_were": list(stars[:1]), "stars_are": list(stars[1:])}
        row |= dict(
            zip(("announced", "confirmed"), sure if change == "vanished" and urls else (None, None), strict=True)
        )
        self.rows["changes_since_last_report"].append(row)
        return self

    def told_otherwise(self, site: str, metric: str, was: Sequence[Any], now: Sequence[Any]) -> Warehouse:
        """Say how a figure of the month before was told and how it reads now: value, numerator, size and state."""
        row: dict[str, Any] = {"site": site, "metric": metric, "since": self.month.replace(day=2)}
        for when, figure in (("was", was), ("now", now)):
            names = (when, f"numerator_{when}", f"size_{when}", f"state_{when}")
            row |= dict(zip(names, figure, strict=True))
        self.rows["figures_since_last_report"].append(row)
        return self

    def not_connected(self) -> Warehouse:
        """Say that no place is connected where people talk."""
        self.figure("", self.month, "engagement_score", None, reason="no account, community or feed is connected")
        return self

    def write(self, path: Path) -> Path:
        """Write the tables to a new file, or add to those in it."""
        path.parent.mkdir(parents=True, exist_ok=True)
        with duckdb.connect(str(path)) as connection:
            self._fill(connection)
        return path

    def inputs(self) -> ReportInputs:
        """Return what a report of this practice is made of, by the query that renders."""
        with duckdb.connect() as connection:
            self._fill(connection)
            return report_inputs(connection, [self.practice_id], self.month)[self.practice_id]

    def _fill(self, connection: duckdb.DuckDBPyConnection) -> None:
        self.rows["build_info"] = [{"as_of_night": self.as_of, "inputs_id": "0" * 16, "score_version": "1"}]
        self.rows["catalogue"] = list(METRICS)
        about = {"practice_id": self.practice_id, "month": self.month}
        connection.execute("CREATE SCHEMA IF NOT EXISTS reports")
        for table, columns in _TABLES.items():
            connection.execute(f"CREATE TABLE IF NOT EXISTS reports.{table} ({columns})")
            if table in ("build_info", "catalogue"):
                connection.execute(f"DELETE FROM reports.{table}")
            names = [column.split()[0] for column in columns.replace("(18,6)", "").split(", ")]
            values = [[(about | row).get(name) for name in names] for row in self.rows[table]]
            if values:
                marks = ", ".join("?" * len(names))
                connection.executemany(f"INSERT INTO reports.{table} ({', '.join(names)}) VALUES ({marks})", values)


def _mean(counts: Stars | None) -> float | None:
    size = sum(counts or ())
    return sum(stars * reviews for stars, reviews in enumerate(counts or (), 1)) / size if size else None


def _low(counts: Stars | None) -> float | None:
    return (counts[0] + counts[1]) / sum(counts) if counts and sum(counts) else None


def _likely_range(counts: Stars) -> tuple[float, float]:
    weights = [prior + reviews for prior, reviews in zip(_PRIOR, counts, strict=True)]
    total = sum(weights)
    mean = sum(stars * weight for stars, weight in enumerate(weights, 1)) / total
    variance = sum(stars * stars * weight for stars, weight in enumerate(weights, 1)) / total - mean * mean
    half = 1.959964 * math.sqrt(variance / (total + 1))
    return max(1.0, mean - half), min(5.0, mean + half)


def practices(*warehouses: Warehouse) -> Practices:
    return Practices(practice=tuple(warehouse.practice() for warehouse in warehouses))


_GOOD: list[Stars | None] = [
    *[(1, 1, 1, 3, 16), (0, 1, 2, 4, 12), (2, 0, 1, 2, 15), (1, 1, 0, 5, 18), (0, 0, 1, 3, 14), (1, 0, 2, 4, 17)],
    *[(0, 1, 1, 2, 19), (1, 0, 0, 6, 15), (2, 1, 1, 3, 16), (0, 0, 2, 4, 18), (1, 0, 1, 2, 14), (0, 1, 0, 5, 17)],
    *[(1, 1, 1, 4, 18), (1, 1, 1, 3, 17)],
]
_SMALL: list[Stars | None] = [
    *[(0, 0, 0, 1, 2), (0, 0, 1, 1, 4), (0, 0, 0, 1, 1), (1, 0, 0, 1, 5), (0, 0, 0, 0, 0), (0, 0, 0, 2, 4)],
    *[(0, 1, 0, 1, 3), None, (0, 0, 0, 1, 2), (0, 0, 0, 1, 5), (0, 0, 1, 0, 4), (1, 0, 0, 2, 3), (0, 0, 0, 1, 6)],
    (0, 0, 0, 1, 2),
]
_HEALTHGRADES: dict[str, Any] = {"can_reply": False, "source": "owner_export"}


_TOPICS = {"bedside_manner": (14, 3), "facility_comfort": (6, 0), "global_recommend": (9, 5)}
_ALL_TOPICS = {**_TOPICS, "wait_on_site": (5, 11), "phone_digital": (0, 8), "pain_anxiety": (2, 3)}


def calm() -> Warehouse:
    house = Warehouse().site("google", _GOOD).site("healthgrades", _SMALL, **_HEALTHGRADES)
    house.score("google", 88.4, 7.0).judged("google", _TOPICS).judged("healthgrades", {}, replies=None)
    return house.talk(76.2, waiting=0)


def fell() -> Warehouse:
    months = [*_GOOD[:-1], (4, 5, 3, 4, 9)]
    verdicts = {"mean_stars": "fell", "low_share": "rose"}
    house = Warehouse()
    house.site("google", months, verdicts=verdicts, removed=1, platform_total=301, answered=0.4, set_aside=2)
    house.site("healthgrades", _SMALL, **_HEALTHGRADES).waiting(9)
    for site in ("google", "healthgrades", "survey"):
        house.changed(site, "came late", [f"https://{site}.example/{n}" for n in range(5)])
        house.changed(site, "other stars", [None, None], ["5", "1"]).changed(site, "answer rewritten", [None])
        house.told_otherwise(site, "mean_stars", (4.3, 86, 20, "value"), (4.1, 90, 22, "value"))
    house.score("google", 61.0, 12.0).score("healthgrades", 80.0, 16.0).judged("google", _ALL_TOPICS)
    return house.talk(None, people=7, acts=31, communities=0)


def everything_bad() -> Warehouse:
    ended = dt.date(2026, 10, 3)
    failed: dict[str, Any] = {
        "nights_read": 3,
        "last_read_night": ended,
        "last_complete_night": ended,
        "month_is_complete": False,
    }
    why = "the key was refused; access has to be given again"
    verdicts = {"mean_stars": "fell", "low_share": "rose", "reviews_received": "fell"}
    house = Warehouse(paper="a4")
    months = [*_GOOD[:-1], (9, 3, 0, 1, 1)]
    house.site("google", months, verdicts=verdicts, answered=0.1, removed=12, set_aside=31, held=290)
    house.site("healthgrades", [*_SMALL[:-1], None], **_HEALTHGRADES, **failed, why=why)
    house.site("survey", [*_SMALL[:-1], (2, 1, 1, 1, 1)], verdicts=verdicts, **_HEALTHGRADES)
    house.site("facebook", [None] * 14, nights_read=0, last_read_night=None, last_complete_night=None, held=0, why=why)
    house.score("google", 14.6, 14.0).judged("google", _ALL_TOPICS, alerts=(2, 1, 1), replies=(1, 2, 4))
    house.judged("survey", _ALL_TOPICS, alerts=(0, 1, 0), replies=None).unusual("google", "unusual number")
    unknown = {"E3": "the 90 days before are not known", "E2": "the platforms do not say who speaks"}
    for site in ("google", "survey"):
        house.figure(site, MONTH, "stars_and_words_disagree", 2)
    house.talk(
        14.7,
        parts=((3, 60), (4, 55), (0, 0), (3, 90), (8, 60), (2, 65)),
        unknown=unknown,
        waiting=41,
        people=90,
        acts=65,
        mix=(2, 3, 1, 2, 50, 2, 4),
        left_out="without mastodon (last read on 2026-10-03)",
        communities=9,
        requests={"others": 21, "team": 3, "practice": 12, "asker": 10, "answered": 15},
    )
    return house.waiting(40)


def no_reviews() -> Warehouse:
    house = Warehouse().site("google", [(0, 0, 0, 0, 0)] * 5).judged("google", {}, alerts=None)
    house.score("google", None, reason="0 reviews in twelve months, 10 are needed")
    return house.talk(None, parts=((0, 0),) * 6, people=0, acts=0, mix=(0,) * 7, waiting=0, communities=0)


def one_review() -> Warehouse:
    months: list[Stars | None] = [(0, 0, 0, 0, 0), (0, 0, 0, 0, 0), (1, 0, 0, 0, 0)]
    house = Warehouse().site("google", months, answered=0.0).waiting(1, url=None)
    house.score("google", None, reason="1 review in twelve months, 10 are needed")
    return house.judged("google", {"bedside_manner": (0, 1)}, size=1).not_connected()


def first_month() -> Warehouse:
    return Warehouse().site("google", [(1, 0, 1, 3, 12)]).site("healthgrades", [(0, 0, 0, 1, 2)], **_HEALTHGRADES)


def source_failed() -> Warehouse:
    last = dt.date(2026, 10, 9)
    failed: dict[str, Any] = {
        "nights_read": 9,
        "last_read_night": last,
        "last_complete_night": last,
        "month_is_complete": False,
    }
    house = Warehouse().site("google", [*_GOOD[:-1], None], **failed, why="the key was refused")
    return house.site("healthgrades", _SMALL, **_HEALTHGRADES)


def never_read() -> Warehouse:
    never: dict[str, Any] = {
        "nights_read": 0,
        "last_read_night": None,
        "last_complete_night": None,
        "month_is_complete": False,
    }
    return Warehouse().site("google", [None], **never, platform_total=None, why="no key was given")


def burst() -> Warehouse:
    verdicts = {"reviews_received": "rose", "mean_stars": "fell", "low_share": "rose"}
    house = Warehouse().site("google", [*_GOOD[:-1], (44, 3, 1, 4, 18)], verdicts=verdicts).waiting(48)
    house.unusual("google", "unusual cluster", mean_without=4.46).score("google", 52.0, 8.0).score("", 55.3, 5.0)
    return house.judged("google", _ALL_TOPICS, size=70, replies=(0, 1, 0)).talk(71.7)


def source_skipped() -> Warehouse:
    """One site has no key, so nobody reads it; the operator's matter and not the owner's."""
    skipped: dict[str, Any] = {"nights_read": 0, "last_read_night": None, "last_complete_night": None, "held": 0}
    skipped |= {"month_is_complete": False, "left_out": True, "why": "not connected: no key was given"}
    house = Warehouse().site("google", _GOOD)
    return house.site("trustpilot", [None] * 3, source="trustpilot", **skipped).score("google", 84.0, 7.0)


def many_looks() -> Warehouse:
    """More reviews, replies and comments to look at than a page has room for."""
    house = everything_bad()
    house.name, house.paper = "Riverside Family Dental", "letter"
    house.unusual("survey", "unusual cluster", mean_without=4.46).repeated("google", 6, 40).repeated("survey", 5, 5)
    for part in ("incentive in reviews", "own people", "staff named", "accounts of one review"):
        house.sign("google", part, 14, 40).sign("healthgrades", part, 11, 12)
    for part in ("gating", "reward", "yelp", "wording"):
        house.invites(part, 3, 12)
    return house.judged("healthgrades", {}, alerts=None, replies=(0, 2, 9), comments=(1, 1, 1))


def only_emoji() -> Warehouse:
    """Reviews of emoji alone: stars are counted, words cannot be judged."""
    house = Warehouse().site("google", [(0, 0, 0, 2, 5), (1, 0, 0, 1, 6)]).waiting(1)
    house.judged("google", {}, alerts=None, replies=None)
    topic: dict[str, Any] = {"part": "bedside_manner/positive", "reason": "no such language"}
    house.figure("google", MONTH, "topic_mentions", None, **topic)
    return house.score("google", None, reason="8 reviews in twelve months, 10 are needed").not_connected()


def zero_posts() -> Warehouse:
    """Accounts are connected, and the practice has posted nothing in 90 days."""
    house = Warehouse().site("google", _GOOD).score("google", 84.0, 7.0).numbers("facebook", fan_count=412, shares=0)
    few: dict[str, Any] = {"people": 9, "acts": 0, "mix": (0,) * 7, "communities": 0}
    return house.talk(None, parts=((3, 4), (0, 4), (0, 9), (0, 9), (0, 0), (0, 0)), waiting=1, **few)


def everything_fine() -> Warehouse:
    verdicts = {"mean_stars": "rose", "low_share": "fell", "reviews_received": "rose", "reply_share": "rose"}
    house = Warehouse().site("google", [*_GOOD[:-1], (0, 0, 0, 3, 34)], verdicts=verdicts, answered=1.0)
    house.site("facebook", [(0, 0, 0, 0, 0)] * 14, source="facebook").recommends("facebook", 33, 34)
    house.score("google", 96.3, 3.1).judged("google", {"bedside_manner": (21, 0), "pain_anxiety": (12, 0)}, size=37)
    house.numbers("facebook", fan_count=4120, reactions_like=88, page_fans="break: not given since 2025-11-15")
    mix = (9, 8, 4, 6, 2, 1, 0)
    return house.talk(93.0, parts=((31, 31), (18, 22), (19, 30), (15, 38), (27, 30), (40, 60)), waiting=0, mix=mix)


def rose() -> Warehouse:
    months = [*_GOOD[:-2], (4, 5, 3, 4, 9), (0, 0, 1, 3, 21)]
    return Warehouse().site("google", months, verdicts={"mean_stars": "rose", "low_share": "fell"})


def many_sites() -> Warehouse:
    house = Warehouse()
    for site in [
        "google",
        "facebook",
        "yelp",
        "webmd",
        "ratemds",
        "zocdoc",
        "local_paper",
        "survey",
        "forum",
        "zz_board",
    ]:
        house.site(site, _GOOD if site < "s" else _SMALL, can_reply=site == "google")
    return house.waiting(7).warned(3, 30)


def _named(name: str) -> Callable[[], Warehouse]:
    def state() -> Warehouse:
        house = fell()
        house.name = name
        return house

    return state


STATES: dict[str, Callable[[], Warehouse]] = {
    "calm": calm,
    "fell": fell,
    "rose": rose,
    "everything-bad": everything_bad,
    "no-reviews": no_reviews,
    "one-review": one_review,
    "first-month": first_month,
    "source-failed": source_failed,
    "never-read": never_read,
    "burst": burst,
    "source-skipped": source_skipped,
    "many-looks": many_looks,
    "only-emoji": only_emoji,
    "zero-posts": zero_posts,
    "everything-fine": everything_fine,
    "many-sites": many_sites,
    "long-name": _named("The Association of Family, Cosmetic, Paediatric and Implant Dentistry Practitioners " * 3),
    "long-word": _named("Donaudampfschifffahrtszahnarztpraxis" * 8),
    "hebrew-name": _named("מרפאת שיניים גבעת רם – ד״ר לוי ושות׳"),
    "arabic-name": _named("عيادة الرضوان لطب الأسنان (Al Radwan)"),
    "chinese-name": _named("微笑牙科診所 Smile Dental (台北)"),
    "japanese-name": _named("さくら歯科クリニック"),
    "korean-name": _named("서울미소치과의원"),
    "vietnamese-name": _named("Nha khoa Việt Mỹ & Đặng"),
    "markup-name": _named('<script>alert(1)</script><img src="http://evil.example/x.png"> {{ 7*7 }} "\'&amp;'),
    "direction-name": _named("Ever\u202egreen \ufeffDental\u2066 Care"),
}
