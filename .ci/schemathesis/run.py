#!/usr/bin/env python3
"""Holds the API against its own description, as every role.

Starts a demo market with the program given, signs in as each role, and lets schemathesis call every
operation with good and bad input. Fails if anything does not agree with the description, if the
program says that it failed, or if an operation never succeeded for anyone.

    run.py PROGRAM SCHEMATHESIS [CASES]

CASES is the most examples of an operation and role in the fuzzing phase; 3 if not given.
"""

import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import time
from urllib import error, request

from market import Market

HERE = pathlib.Path(__file__).parent
PORT = 18231
BASE = f"http://127.0.0.1:{PORT}/api/v1"
PASSWORD = "太行山上的红薯真甜啊二零二六"

# Those who keep the office come last: what they do to accounts would keep the others from asking.
ROLES = ["企业用户", "科研用户", "技术经纪人", "主管", "审计员", "系统管理员", "安全管理员"]
# Whose session or standing would end with these is the one that asks.
NOT_ASKED = ["/sessions/current", "/me/password", "/me/erase"]
# What no description can say, and why. `tests/it/matrix.rs`, or a test that it names, does each of these
# with success.
NEVER = {
    # A file's bytes; `tests/it/attachments.rs` sends some.
    "POST /needs/{id}/attachments",
    "POST /achievements/{id}/attachments",
    "POST /organisations/{id}/proofs",
    "GET /attachments/{id}",
    "DELETE /attachments/{id}",
    # A number whose check digits fit.
    "POST /organisations",
    "PUT /organisations/{id}",
    # The standing of those who ask would end.
    "POST /organisations/{id}/verify",
    "POST /organisations/{id}/refuse",
    "POST /organisations/{id}/suspend",
    "POST /organisations/{id}/reinstate",
    # A password, and the code of a device.
    "POST /sessions",
    "POST /sessions/current/code",
    "POST /me/second-factor",
    "POST /me/second-factor/confirm",
    "POST /me/second-factor/disable",
    "POST /me/second-factor/recovery-codes",
    "PUT /me/mail",
    # A link that was mailed, an organisation's number, or another provider to sign in by.
    "POST /password-resets/use",
    "POST /mail-confirmations",
    "POST /invitations/accept",
    "POST /applications",
    "POST /applications/{id}/accept",
    "POST /applications/{id}/refuse",
    "POST /oidc/sign-ins",
    "POST /oidc/sign-ins/finish",
    "POST /me/identities",
    "POST /me/identities/finish",
    "POST /me/identities/{id}/unlink",
    # The ids of one's own tokens, sessions and consents.
    "DELETE /sessions/{id}",
    "DELETE /tokens/{id}",
    "DELETE /me/consents/{id}",
    "POST /me/consents/{id}/withdraw",
    # A colleague, where the demo has one person an organisation, or a person who has left.
    "PUT /needs/{id}/readers",
    "PUT /achievements/{id}/readers",
    "POST /needs/{id}/reassign",
    "POST /achievements/{id}/reassign",
    "POST /needs/{id}/matchmaker",
    "POST /achievements/{id}/matchmaker",
    "POST /people/{id}/second-factor/remove",
    # A pair that was accepted or put to both sides before.
    "POST /pairs/{id}/introduction",
    "GET /introductions/{id}",
    "POST /introductions/{id}/answer",
    "POST /introductions/{id}/withdraw",
}


def call(method, path, token=None, body=None):
    """Calls the API; the status and the body."""
    headers = {"Content-Type": "application/json"}
    if token:
        headers["Authorization"] = f"Bearer {token}"
    data = None if body is None else json.dumps(body).encode()
    asked = request.Request(BASE + path, data=data, headers=headers, method=method)
    try:
        with request.urlopen(asked, timeout=60) as answer:
            return answer.status, json.load(answer)
    except error.HTTPError as refused:
        return refused.code, json.load(refused)


def start(program, folder):
    """A demo market without limits on how often anyone may ask, and its accounts by role."""
    log = open(folder / "server.log", "w+", encoding="utf-8")
    environment = {**os.environ, **SETTINGS}
    command = [program, "demo", "--data", str(folder / "data"), "--port", str(PORT)]
    server = subprocess.Popen(command, stdout=log, stderr=subprocess.STDOUT, env=environment)
    for _ in range(600):
        text = (folder / "server.log").read_text(encoding="utf-8")
        if "is ready" in text:
            lines = re.findall(r"^  (\S+)\s+(\S+)\s+(\S+) ·", text, re.MULTILINE)
            return server, {role: (login, password) for login, password, role in lines}
        if server.poll() is not None:
            sys.exit(f"the program ended:\n{text}")
        time.sleep(0.5)
    sys.exit("the program did not become ready in five minutes")


SETTINGS = {
    "KEZHUAN_LOG_FILTER": "warn",
    "KEZHUAN_SERVER_CONNECTIONS": "2000",
    "KEZHUAN_SERVER_CONNECTIONS_EACH": "2000",
    **{f"KEZHUAN_LIMITS_{it}": "0" for it in ["SIGN_IN", "ENTRY", "SEARCH", "WRITE", "READ"]},
}


def token_of(login, password):
    """A session's token."""
    status, session = call("POST", "/sessions", body={"login": login, "password": password})
    if status != 201:
        sys.exit(f"{login} cannot sign in: {session}")
    return session["token"]


def known_ids(tokens):
    """What `hooks.py` can name: ids by the first part of a path and by operation, and the rest; of
    people and organisations only such as are not needed to go on."""
    known = Market(BASE, tokens).prepare()
    for shelf, role in [
        ("needs", "企业用户"),
        ("achievements", "科研用户"),
        ("pairs", "技术经纪人"),
    ]:
        _, page = call("GET", f"/{shelf}?limit=30", tokens[role])
        known["ids"][shelf] = [it["id"] for it in page.get("items", [])]
    return known


def main():
    program, schemathesis = sys.argv[1], sys.argv[2]
    cases = sys.argv[3] if len(sys.argv) > 3 else "3"
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        server, accounts = start(program, folder)
        try:
            tokens = {role: token_of(*account) for role, account in accounts.items()}
            (folder / "ids.json").write_text(json.dumps(known_ids(tokens)), encoding="utf-8")
            failed = [role for role, token in [("访客", ""), *((it, tokens[it]) for it in ROLES)]
                      if not agrees(schemathesis, folder, (role, token), cases)]
            failed += never_reached(folder)
        finally:
            server.terminate()
            server.wait()
        log = (folder / "server.log").read_text(encoding="utf-8")
        failures = [it for it in log.splitlines() if "a request failed" in it or "panicked" in it]
    for it in failed + failures:
        print("FAILED", it)
    sys.exit(1 if failed or failures else 0)


def agrees(schemathesis, folder, asked_by, cases):
    """Runs schemathesis as one role; whether everything agreed."""
    role, token = asked_by
    environment = {
        **os.environ,
        "SCHEMATHESIS_HOOKS": str(HERE / "hooks.py"),
        "KEZHUAN_BASE": BASE,
        "KEZHUAN_TOKEN": token,
        "KEZHUAN_IDS": str(folder / "ids.json"),
        "KEZHUAN_REACHED": str(folder / "reached.txt"),
    }
    command = [
        schemathesis, "--config-file", str(HERE / "schemathesis.toml"), "run",
        f"http://127.0.0.1:{PORT}/api/openapi.json",
        "--checks", "all", "--max-examples", cases, "--workers", "1", "--seed", "7",
        "--continue-on-failure", "--no-color", "--generation-database", "none",
        "--warnings", "off",
    ]
    for path in NOT_ASKED:
        command += ["--exclude-path", path]
    if token:
        command += ["-H", f"Authorization: Bearer {token}"]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        print(done.stdout[-20000:], done.stderr[-2000:])
    summary = re.search(r"(\d+) generated.*", done.stdout)
    print(f"{role}: {summary.group(0) if summary else 'nothing was generated'}", flush=True)
    return done.returncode == 0


def never_reached(folder):
    """The operations that succeeded for nobody."""
    with request.urlopen(f"http://127.0.0.1:{PORT}/api/openapi.json", timeout=60) as answer:
        paths = json.load(answer)["paths"]
    all_there_are = {f"{method.upper()} {path}" for path, it in paths.items() for method in it
                     if path not in NOT_ASKED}
    reached = set((folder / "reached.txt").read_text(encoding="utf-8").split("\n"))
    return [f"never succeeded: {it}" for it in sorted(all_there_are - reached - NEVER)]


if __name__ == "__main__":
    main()
