"""X on loopback: timelines, mentions, search, quotes, reposts and lookup, in either generation of its names."""

from __future__ import annotations

import datetime as dt
import re
from typing import Any, ClassVar

import msgspec

from tests.sources.stand_in import Base, Request

USER = "17200003"
_EPOCH_MS = 1_288_834_974_657
_NEWER = {
    "retweet_count": "repost_count",
    "referenced_tweets": "referenced_posts",
    "edit_history_tweet_ids": "edit_history_post_ids",
    "note_tweet": "note_post",
}


def id_at(at: dt.datetime) -> str:
    """Return an id as X makes them: milliseconds, and some bits."""
    return str((int(at.timestamp() * 1000) - _EPOCH_MS) << 22)


class Said(msgspec.Struct, kw_only=True):
    """One post of the world. `versions` are the ids of all its versions; its own is the last."""

    id: str
    at: dt.datetime
    author: str = USER
    text: str = "Words"
    root: str = ""
    answers: str = ""
    answers_user: str = ""
    quotes: str = ""
    reposts: str = ""
    versions: list[str] = []
    names: tuple[str, ...] = ()
    likes: int = 3
    long: str = ""


class StandIn(Base):
    """`newer` answers in the names of the newer specification. `billed` counts the items that were given."""

    name = "x"
    block: ClassVar[Any] = {"user": USER, "handle": "riverside"}
    key: ClassVar[dict[str, str]] = {"bearer_token": "hush-x"}

    def __init__(self, count: int, page_size: int | None = None) -> None:
        super().__init__(count, page_size)
        self.newer, self.billed = False, 0
        self.world: list[Said] = []
        self.gone: dict[str, str] = {}
        # Nothing is said of what is gone.
        self.silent = False

    def say(self, at: dt.datetime, **more: Any) -> Said:
        said = Said(id=id_at(at), at=at, **more)
        self.world.append(said)
        return said

    def edit(self, said: Said, at: dt.datetime, text: str) -> Said:
        """Make a new version, with an id of its own; the old one stays where it can be looked up."""
        newer = msgspec.structs.replace(
            said, id=id_at(at), at=at, text=text, root=said.root or said.id, versions=[*self._versions(said), id_at(at)]
        )
        self.world.append(newer)
        return newer

    def expected(self) -> set[str]:
        return {id_at(self.instant(number)) for number in range(self.count)}

    def check_key(self, request: Request) -> None:
        assert request.headers["authorization"] == "Bearer hush-x"
        assert request.method == "GET"

    def answer(self, request: Request) -> Any:
        if request.path == "/usage/tweets":
            return {"data": {"project_usage": "11", "project_cap": "2000000", "project_id": "1", "cap_reset_day": 5}}
        if request.path == "/tweets":
            return self._looked_up(request.one("ids").split(","))
        shown = [said for said in self._everything() if said.id not in self.gone and self._newest_of(said)]
        if request.path == f"/users/{USER}/tweets":
            assert request.one("exclude") == "retweets"
            shown = [said for said in shown if said.author == USER]
        elif request.path == f"/users/{USER}/mentions":
            shown = [said for said in shown if USER in said.names and said.author != USER]
        elif request.path == "/tweets/search/recent":
            assert len(request.one("query")) <= 512
            roots = re.findall(r"conversation_id:(\d+)", request.one("query"))
            shown = [said for said in shown if (said.root or said.id) in roots]
        elif found := re.fullmatch(r"/tweets/(\d+)/(quote_tweets|retweets)", request.path):
            how = "quotes" if found[2] == "quote_tweets" else "reposts"
            shown = [said for said in shown if found[1] in self._versions_of(getattr(said, how))]
        else:
            raise AssertionError(request.path)
        return self._page(shown, request)

    def _everything(self) -> list[Said]:
        counted = [Said(id=id_at(self.instant(n)), at=self.instant(n)) for n in range(self.count)]
        if self.huge and counted:
            counted[0].text = "x" * 10_000_000
        return [*self.world, *counted]

    def _page(self, shown: list[Said], request: Request) -> dict[str, Any]:
        cursor = "next_token" if request.path == "/tweets/search/recent" else "pagination_token"
        least = 5 if request.path.startswith("/users/") else 10
        assert least <= int(request.one("max_results")) <= 100
        since = int(request.one("since_id", "0"))
        start = request.one("start_time")
        if start:
            assert re.fullmatch(r"\d{4}-\d\d-\d\dT00:00:00Z", start)
            shown = [said for said in shown if said.at >= dt.datetime.fromisoformat(start)]
        ordered = sorted((s for s in shown if int(s.id) > since), key=lambda said: int(said.id), reverse=True)
        first = 0 if self.endless else int(request.one(cursor, "0"))
        end = first + min(self.page_size, int(request.one("max_results")))
        page = ordered[max(0, first - 1 if self.shifting and first else first) : end]
        meta: dict[str, Any] = {"result_count": len(page)}
        if page and not request.path.endswith(("/quote_tweets", "/retweets")):
            meta |= {"newest_id": page[0].id, "oldest_id": page[-1].id}
        if end < len(ordered) or (self.endless and ordered):
            meta["next_token"] = str(end)
        self.billed += len(page)
        return {"data": [self.as_json(said) for said in page], "meta": meta} if page else {"meta": meta}

    def _looked_up(self, ids: list[str]) -> dict[str, Any]:
        assert len(ids) <= 100
        there = {said.id: said for said in self._everything() if said.id not in self.gone}
        found = [self.as_json(there[each]) for each in ids if each in there]
        errors = [self.problem(each) for each in ids if each not in there and not self.silent]
        self.billed += len(found)
        if self.silent and not found:
            return {"meta": {"result_count": 0}}
        return ({"data": found} if found else {}) | ({"errors": errors} if errors else {})

    def problem(self, missing: str) -> dict[str, Any]:
        kind = self.gone.get(missing, "resource-not-found")
        return {
            "value": missing,
            "resource_id": missing,
            "resource_type": "tweet" if not self.newer else "post",
            "parameter": "ids",
            "title": "Not Found Error" if kind == "resource-not-found" else "Authorization Error",
            "detail": f"Could not find tweet with ids: [{missing}].",
            "type": f"https://api.{'x' if self.newer else 'twitter'}.com/2/problems/{kind}",
            **({"section": "data"} if kind == "not-authorized-for-resource" else {}),
        }

    def as_json(self, said: Said) -> dict[str, Any]:
        world, of = self._everything(), self._versions_of(said.id)
        references = [("replied_to", said.answers), ("quoted", said.quotes), ("retweeted", said.reposts)]
        told: dict[str, Any] = {
            "id": int(said.id) if self.other_ids else said.id,
            "text": said.text,
            "author_id": said.author,
            "created_at": said.at.strftime("%Y-%m-%dT%H:%M:%S.000Z"),
            "conversation_id": said.root or said.id,
            "edit_history_tweet_ids": [int(v) if self.other_ids else v for v in self._versions(said)],
            "public_metrics": {
                "retweet_count": sum(other.reposts in of for other in world),
                "reply_count": sum(other.answers in of for other in world),
                "like_count": said.likes,
                "quote_count": sum(other.quotes in of for other in world),
                "bookmark_count": 0,
                "impression_count": 211,
            },
        }
        if any(to for _, to in references):
            told["referenced_tweets"] = [{"type": how, "id": to} for how, to in references if to]
        if said.answers_user:
            told["in_reply_to_user_id"] = said.answers_user
        if said.names:
            # X shows more of who is named, and of what is linked.
            marks = [{"start": 0, "end": 9, "username": f"u{name}", "id": name} for name in said.names]
            told["entities"] = {"mentions": marks}
        if said.long:
            told["note_tweet"] = {"text": said.long}
        return self._renamed(told) if self.newer else told

    def _renamed(self, told: dict[str, Any]) -> dict[str, Any]:
        return {
            _NEWER.get(name, name): self._renamed(value) if name == "public_metrics" else value
            for name, value in told.items()
        }

    def _versions(self, said: Said) -> list[str]:
        longest = max((other.versions for other in self.world if said.id in other.versions), key=len, default=[])
        return longest or [said.id]

    def _versions_of(self, version: str) -> list[str]:
        return next((self._versions(said) for said in self._everything() if said.id == version), []) if version else []

    def _newest_of(self, said: Said) -> bool:
        return self._versions(said)[-1] == said.id
