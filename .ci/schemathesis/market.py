"""A demo market with something in every state, so that what asks for a state can succeed.

What this makes is told to `hooks.py` by operation: ids to ask for, and what to put into bodies.
"""

import datetime
import json
import uuid
from urllib import error, request

RUBRIC = {"advantage": 3, "clarity": 4, "cooperation": 4, "completeness": 5}
REVIEW = {"decision": "approve", "rubric": RUBRIC, "reasons": "已阅，见评分"}
WHY = "按规定核查，须留记录"


class Market:
    """The market at `base`, as seen by the accounts of the demo, by role."""

    def __init__(self, base, tokens):
        self.base, self.tokens = base, tokens

    def ask(self, role, method, path, body=None, tag=None):
        """Calls the API; the body and the tag. Ends the program if that fails."""
        headers = {"Content-Type": "application/json", "Idempotency-Key": str(uuid.uuid4()),
                   "Authorization": f"Bearer {self.tokens[role]}"}
        if tag:
            headers["If-Match"] = tag
        data = None if body is None else json.dumps(body).encode()
        asked = request.Request(self.base + path, data=data, headers=headers, method=method)
        try:
            with request.urlopen(asked, timeout=60) as answer:
                text = answer.read()
                return (json.loads(text) if text else None), answer.headers.get("ETag")
        except error.HTTPError as refused:
            raise SystemExit(f"{role}: {method} {path}: {refused.code} {refused.read().decode()}") from None

    def listing(self, shelf, state):
        """A new listing in this state: its path."""
        writer = {"needs": "企业用户", "achievements": "科研用户"}[shelf]
        made, tag = self.ask(writer, "POST", f"/{shelf}", self.forms[shelf])
        at = f"/{shelf}/{made['id']}"
        if state == "draft":
            return at
        _, tag = self.ask(writer, "POST", f"{at}/submit?leaks=keep", tag=tag)
        if state == "submitted":
            return at
        _, tag = self.ask("技术经纪人", "GET", at)
        self.ask("技术经纪人", "POST", f"{at}/review", REVIEW, tag)
        if state in ("paused", "withdrawn"):
            self.ask(writer, "POST", f"{at}/{'pause' if state == 'paused' else 'withdraw'}")
        if state == "revised":
            _, tag = self.ask(writer, "GET", at)
            self.ask(writer, "PUT", at, {**self.forms[shelf], "title": "改过的题目"}, tag)
        return at

    def read_forms(self):
        """A whole form of either kind: that of the first listing that is published."""
        self.forms = {}
        for shelf, role in [("needs", "企业用户"), ("achievements", "科研用户")]:
            mine = self.ask(role, "GET", "/me")[0]["organisation"]
            page, _ = self.ask(role, "GET", f"/{shelf}?state=published&organisation={mine}")
            whole, _ = self.ask(role, "GET", f"/{shelf}/{page['items'][0]['id']}")
            self.forms[shelf] = whole["form"]

    def prepare(self):
        """Ids by operation, parts of bodies by operation, and values of other path parameters."""
        self.read_forms()
        ids = {}
        for shelf in ("needs", "achievements"):
            for operation, state in LISTINGS.items():
                method, _, rest = operation.partition(" ")
                made = [self.listing(shelf, state).split("/")[-1] for _ in range(3)]
                ids[f"{method} /{shelf}/{{id}}{rest}"] = made
        someone = self.ask("系统管理员", "GET", "/people?limit=100")[0]["items"]
        people = {it["role"]: it["id"] for it in someone}
        grants = [self.grant(people["lead"]) for _ in range(12)]
        ids["GET /grants/{id}"] = grants[:1]
        ids["POST /grants/{id}/confirm"] = ids["POST /grants/{id}/refuse"] = grants
        need = ids["POST /needs/{id}/pause"][0]
        asked = [self.emergency(need) for _ in range(12)]
        for rest in ("", "/confirm", "/refuse", "/end"):
            method = "POST" if rest else "GET"
            ids[f"{method} /emergencies/{{id}}{rest}"] = asked
        opened = self.emergency(need)
        self.ask("安全管理员", "POST", f"/emergencies/{opened}/confirm")
        ids["GET /emergencies/{id}/listing"] = [opened]
        pairs = self.ask("技术经纪人", "GET", "/pairs?limit=12")[0]["items"]
        taken = [it["id"] for it in pairs]
        for pair in taken:
            self.ask("技术经纪人", "POST", f"/pairs/{pair}/take")
        for act in ("release", "grade", "defer"):
            ids[f"POST /pairs/{{id}}/{act}"] = [taken.pop() for _ in range(3)]
        office = self.ask("系统管理员", "GET", "/me")[0]["organisation"]
        newcomer = {"organisation": office, "role": "matchmaker", "login": "new.one", "name": "新人",
                    "password": "屋后的核桃树今年结得很密", "reason": WHY}
        person = self.ask("系统管理员", "POST", "/people", newcomer)[0]["id"]
        for act in ("disable", "enable"):
            ids[f"POST /people/{{id}}/{act}"] = [person]
        synonyms = [self.synonyms(it) for it in range(6)]
        for method in ("GET", "PUT", "DELETE"):
            ids[f"{method} /thesaurus/{{id}}"] = synonyms[:1] if method == "GET" else synonyms[1:]
        matchers = [it["name"] for it in self.ask("主管", "GET", "/matchers")[0]["items"]]
        ids["GET /matchers/{name}/measures"] = ids["POST /matchers/{name}/activate"] = matchers
        tomorrow = datetime.date.today() + datetime.timedelta(days=1)
        bodies = {
            "POST /grants": {"person": people["lead"], "role": "unassigned"},
            "POST /people": {**newcomer, "login": "new.two"},
            "PUT /me": {"name": "李伟"},
            "POST /pairs/{id}/grade": {"grade": "strong"},
            "POST /pairs/{id}/defer": {"until": tomorrow.isoformat()},
            "POST /thesaurus": {"words": ["铁水预处理", "铁水脱硫"], "broader": []},
            "PUT /thesaurus/{id}": {"words": ["试样词甲", "试样词乙"], "broader": ["试样词丙"]},
            "POST /thesaurus/preview": {"group": {"words": ["铸铁", "生铁"]}, "replaces": None},
            "POST /emergencies": {"kind": "need", "listing": need, "minutes": 30},
        }
        tables = [it["name"] for it in self.ask("主管", "GET", "/codes")[0]]
        return {"ids": ids, "bodies": bodies, "tables": tables}

    def grant(self, person):
        """A request that waits for a second person."""
        form = {"person": person, "role": "auditor", "reason": WHY}
        return self.ask("安全管理员", "POST", "/grants", form)[0]["id"]

    def synonyms(self, number):
        """A group of the thesaurus."""
        form = {"words": [f"试样词{number}", f"试验词{number}"]}
        return self.ask("技术经纪人", "POST", "/thesaurus", form)[0]["id"]

    def emergency(self, need):
        """A request of the auditor's."""
        form = {"kind": "need", "listing": need, "minutes": 30, "reason": WHY}
        return self.ask("审计员", "POST", "/emergencies", form)[0]["id"]


# What is done to a listing, and the state that it must be in.
LISTINGS = {
    "POST /submit": "draft",
    "POST /retract": "submitted",
    "POST /review": "submitted",
    "POST /pause": "published",
    "POST /withdraw": "published",
    "POST /close": "published",
    "POST /renew": "published",
    "POST /hide": "published",
    "POST /resume": "paused",
    "POST /reopen": "withdrawn",
    "POST /mask": "draft",
    "POST /adopt": "draft",
    "GET /readers": "draft",
    "DELETE ": "draft",
    "DELETE /revision": "revised",
}
