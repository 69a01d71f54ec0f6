"""Checks, one after the other, as `../node/lib/harness.mjs` has them; and the server under test."""

import json
import os
import re
import sys
import time
import traceback
import urllib.request
from pathlib import Path
from urllib.parse import urlencode

counts = {"passed": 0, "failed": 0, "skipped": 0}

with open(os.environ["POSTERN_BOOTSTRAP"], encoding="utf-8") as file:
    _bootstrap = json.load(file)
DOMAIN = _bootstrap["domain"]
ISSUER = _bootstrap["issuer"]
AUDIENCE = ISSUER + "api/v2/"
MANAGEMENT = {key: _bootstrap["management"][key] for key in ("client_id", "client_secret")}
CONNECTION = "Username-Password-Authentication"
REALM_GRANT = "http://auth0.com/oauth/grant-type/password-realm"
PASSWORD = "Corr3ct-horse-battery!"
RUN = f"{int(time.time() * 1000):x}{os.getpid():x}"


def email(name):
    """An address not used before in this store."""
    return f"{name}-{RUN}@example.com"


def check(name):
    """Runs the decorated function at once; its name is then what it returned, `None` when it failed."""

    def run(function):
        try:
            result = function()
        except Exception as error:  # a check may fail in any way
            counts["failed"] += 1
            reason = re.sub(r"\s+", " ", f"{type(error).__name__}: {error}")[:500]
            print(f"FAIL {name} {reason}", flush=True)
            if os.environ.get("TRACE"):
                traceback.print_exc()
            return None
        counts["passed"] += 1
        print(f"ok {name}", flush=True)
        return result

    return run


def equal(found, wanted):
    assert found == wanted, f"wanted {wanted!r}, found {found!r}"


def needs(value, what):
    assert value is not None, f"needs {what}, which an earlier check did not make"
    return value


def refused(statuses, function):
    """Runs what must fail with one of `statuses`; returns the error."""
    try:
        result = function()
    except Exception as error:  # every client has its own
        status = getattr(error, "status_code", None)
        wanted = statuses if isinstance(statuses, tuple) else (statuses,)
        assert status in wanted, f"wanted {wanted}, got {status}: {error}"
        return error
    raise AssertionError(f"wanted {statuses}, but it succeeded: {result!r}")


def eventually(what, ask):
    """Asks again until there is an answer."""
    for _ in range(100):
        answer = ask()
        if answer:
            return answer
        time.sleep(0.1)
    raise AssertionError(f"waited in vain for {what}")


def _send(method, path, body, content_type, token=None):
    headers = {"content-type": content_type} | ({"authorization": f"Bearer {token}"} if token else {})
    request = urllib.request.Request(f"https://{DOMAIN}{path}", body, headers, method=method)
    with urllib.request.urlopen(request) as response:
        text = response.read()
    return json.loads(text) if text else None


def token():
    """A management token."""
    form = {"grant_type": "client_credentials", "audience": AUDIENCE} | MANAGEMENT
    body = urlencode(form).encode()
    return _send("POST", "/oauth/token", body, "application/x-www-form-urlencoded")["access_token"]


def upload_artifact(action, name="client-checks"):
    """Uploads the module of a compiled action, for which Auth0's clients have no call."""
    module = Path(os.environ["POSTERN_GUESTS"], f"{name}.wasm").read_bytes()
    return _send("PUT", f"/api/v2/actions/actions/{action}/artifact", module, "application/wasm", token())


def finish():
    """Prints the counts and ends."""
    print(f"{counts['passed']} passed, {counts['failed']} failed, {counts['skipped']} skipped", flush=True)
    sys.exit(1 if counts["failed"] else 0)
