"""What schemathesis cannot know from the description: which ids exist, and which version of them.

The ids come from a file that `run.py` writes; which operations were ever answered with success goes
into another.
"""

import json
import os
import random
import uuid
from urllib import request

import schemathesis

BASE = os.environ["KEZHUAN_BASE"]
TOKEN = os.environ["KEZHUAN_TOKEN"]
KNOWN = json.load(open(os.environ["KEZHUAN_IDS"], encoding="utf-8"))
IDS = KNOWN["ids"]
REACHED = os.environ["KEZHUAN_REACHED"]

chance = random.Random(20260102)
reached = set()


def tag_of(path):
    """The ETag of what is at `path`, as this caller sees it."""
    headers = {"Authorization": f"Bearer {TOKEN}"} if TOKEN else {}
    try:
        with request.urlopen(request.Request(BASE + path, headers=headers), timeout=10) as answer:
            return answer.headers.get("ETag")
    except OSError:
        return None


def is_good(case):
    """Whether the case is meant to be accepted, and is not one of a sequence."""
    meta = case.meta
    return meta is not None and meta.generation.mode.value == "positive" and meta.phase.name.value != "stateful"


@schemathesis.hook
def before_call(context, case, **kwargs):
    """Names something that exists, in its present version: until that succeeded, and then two times of
    three."""
    if not is_good(case):
        return
    shelf, operation = case.path.split("/")[1], f"{case.method.upper()} {case.path}"
    known = IDS.get(operation) or IDS.get(shelf, [])
    called = next((it for it in ("id", "name") if it in (case.path_parameters or {})), None)
    if called and known and (operation not in reached or chance.random() < 0.67):
        case.path_parameters[called] = chance.choice(known)
    if "If-Match" in case.headers:
        one = (case.path_parameters or {}).get("id")
        tag = tag_of(f"/{shelf}/{one}" if one else case.path)
        if tag:
            case.headers["If-Match"] = tag
    if "table" in (case.path_parameters or {}):
        case.path_parameters["table"] = chance.choice(KNOWN["tables"])
    if operation in KNOWN["bodies"] and isinstance(case.body, dict):
        case.body.update(KNOWN["bodies"][operation])
    if "Idempotency-Key" in case.headers:
        case.headers["Idempotency-Key"] = str(uuid.uuid4())


@schemathesis.hook
def after_call(context, case, response):
    """Notes what succeeded."""
    if response.status_code < 300:
        name = f"{case.method.upper()} {case.path}"
        if name not in reached:
            reached.add(name)
            with open(REACHED, "a", encoding="utf-8") as file:
                file.write(name + "\n")
