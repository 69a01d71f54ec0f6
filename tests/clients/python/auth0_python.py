"""PyPI `auth0-python`: the Management API, every answer through its pydantic models, and logins."""

import io
import json

from auth0.authentication import Database, GetToken, RevokeToken, Users
from auth0.authentication.token_verifier import AsymmetricSignatureVerifier, TokenValidationError, TokenVerifier
from auth0.management import ManagementClient

from harness import (
    AUDIENCE,
    CONNECTION,
    DOMAIN,
    ISSUER,
    MANAGEMENT,
    PASSWORD,
    REALM_GRANT,
    RUN,
    check,
    email,
    equal,
    eventually,
    finish,
    needs,
    refused,
    upload_artifact,
)

m = ManagementClient(domain=DOMAIN, **MANAGEMENT)
MAIL = email("ann")
MINE = f'app_metadata.run:"{RUN}"'
TRIGGERS = [{"id": "post-login", "version": "v3"}]
SCRIPT = "function (user, context, callback) { callback(null, user, context); }"


def no_retries(**more):
    """A conflict is not asked again for."""
    return {"request_options": {"max_retries": 0}} | more


# Credentials.


@check("token: wrong secret is refused")
def _():
    refused(401, lambda: GetToken(DOMAIN, MANAGEMENT["client_id"], "wrong").client_credentials(AUDIENCE))


@check("token: nonsense is refused")
def _():
    error = refused(401, lambda: list(ManagementClient(domain=DOMAIN, token="nonsense").users.list()))
    equal(error.body.get("error") if isinstance(error.body, dict) else error.body.error, "Unauthorized")


# Clients and connections.


@check("clients.create")
def app():
    made = m.clients.create(
        name=f"python {RUN}",
        app_type="regular_web",
        callbacks=["https://app.example.com/cb"],
        oidc_conformant=True,
        token_endpoint_auth_method="client_secret_post",
        grant_types=["authorization_code", "refresh_token", "client_credentials", "password", REALM_GRANT],
        client_metadata={"a": "1", "b": "2"},
    )
    assert made.client_id and made.client_secret
    equal((made.name, made.client_metadata), (f"python {RUN}", {"a": "1", "b": "2"}))
    return made


@check("clients.get, clients.update, clients.list")
def _():
    client_id = needs(app, "a client").client_id
    equal(m.clients.get(client_id).callbacks, ["https://app.example.com/cb"])
    changed = m.clients.update(client_id, client_metadata={"a": None, "c": "3"})
    equal(changed.client_metadata, {"b": "2", "c": "3"})
    assert client_id in [row.client_id for row in m.clients.list()]
    assert client_id in [row.client_id for row in m.clients.list(per_page=1)]


@check("clients.get: unknown is 404")
def _():
    refused(404, lambda: m.clients.get("doesnotexist"))


@check("connections.list")
def database():
    rows = list(m.connections.list(name=CONNECTION))
    equal([(row.name, row.strategy) for row in rows], [(CONNECTION, "auth0")])
    assert CONNECTION in [row.name for row in m.connections.list(strategy=["auth0"])]
    assert CONNECTION in [row.name for row in m.connections.list(take=1)]
    return rows[0]


@check("connections.get and its clients")
def _():
    equal(m.connections.get(needs(database, "the connection").id).name, CONNECTION)
    assert needs(app, "a client").client_id in [row.client_id for row in m.connections.clients.get(database.id)]


# Users.


@check("users.create")
def user():
    made = m.users.create(
        connection=CONNECTION,
        email=MAIL,
        password=PASSWORD,
        user_metadata={"color": "red", "nested": {"a": 1}},
        app_metadata={"run": RUN, "plan": "free"},
    )
    assert made.user_id.startswith("auth0|")
    equal((made.email, made.email_verified), (MAIL, False))
    equal((made.user_metadata, made.app_metadata), ({"color": "red", "nested": {"a": 1}}, {"run": RUN, "plan": "free"}))
    equal(made.identities[0].connection, CONNECTION)
    assert made.created_at and made.updated_at
    return made


def have():
    return needs(user, "a user").user_id


@check("users.create: taken is 409")
def _():
    refused(409, lambda: m.users.create(connection=CONNECTION, email=MAIL, password=PASSWORD, **no_retries()))


@check("users.create: reserved app_metadata")
def _():
    refused(
        400,
        lambda: m.users.create(
            connection=CONNECTION, email=email("r"), password=PASSWORD, app_metadata={"clientID": "x"}
        ),
    )


@check("users.get")
def _():
    equal(m.users.get(have()).app_metadata["plan"], "free")
    assert m.users.get(have(), fields="email", include_fields=True).app_metadata is None
    refused(404, lambda: m.users.get("auth0|000000000000000000000000"))


@check("users.update: metadata")
def _():
    changed = m.users.update(have(), user_metadata={"size": "L"}, app_metadata={"seats": 3})
    equal(changed.user_metadata, {"color": "red", "nested": {"a": 1}, "size": "L"})
    equal(changed.app_metadata, {"run": RUN, "plan": "free", "seats": 3})
    changed = m.users.update(have(), user_metadata={"nested": {"b": 2}, "color": None})
    equal(changed.user_metadata, {"nested": {"b": 2}, "size": "L"})


@check("users.update: profile")
def _():
    changed = m.users.update(have(), given_name="Ann", family_name="Lee", name="Ann Lee")
    equal((changed.given_name, changed.family_name, changed.name), ("Ann", "Lee", "Ann Lee"))


@check("users.list: search, sort and pages to the end")
def _():
    for name in ("bob", "cat"):
        m.users.create(connection=CONNECTION, email=email(name), password=PASSWORD, app_metadata={"run": RUN})
    wanted = [email(name) for name in ("ann", "bob", "cat")]
    rows = m.users.list(q=MINE, search_engine="v3", sort="email:1", per_page=2)
    equal([row.email for row in rows], wanted)
    equal([row.email for row in m.users.list(q=f'email:"{MAIL}"', search_engine="v3")], [MAIL])
    equal(list(m.users.list(q='email:"nobody@example.com"', search_engine="v3")), [])
    refused(400, lambda: list(m.users.list(q="email:(", search_engine="v3")))


@check("users.list_users_by_email")
def _():
    equal([row.user_id for row in m.users.list_users_by_email(email=MAIL)], [have()])


@check("users: link and unlink")
def _():
    (bob,) = m.users.list_users_by_email(email=email("bob"))
    identity = bob.user_id.split("|")[1]
    linked = m.users.identities.link(have(), provider="auth0", user_id=identity)
    equal([str(row.user_id) for row in linked], [have().split("|")[1], identity])
    left = m.users.identities.delete(have(), "auth0", identity)
    equal([str(row.user_id) for row in left], [have().split("|")[1]])


@check("users: factors and authentication methods")
def _():
    m.users.multifactor.delete_provider(have(), "google-authenticator")
    equal(list(m.users.authentication_methods.list(have())), [])


# Actions.


@check("actions.triggers.list")
def _():
    rows = m.actions.triggers.list().triggers
    assert {"post-login", "credentials-exchange", "pre-user-registration"} <= {row.id for row in rows}


@check("actions.create")
def action():
    made = m.actions.create(
        name=f"python {RUN}",
        supported_triggers=TRIGGERS,
        runtime="wasm",
        secrets=[{"name": "GREETING", "value": "hello"}],
    )
    equal((made.name, made.status, made.secrets[0].name), (f"python {RUN}", "pending", "GREETING"))
    return made


@check("actions.deploy")
def version():
    upload_artifact(needs(action, "an action").id)
    equal(m.actions.get(action.id).status, "built")
    made = m.actions.deploy(action.id)
    equal(made.number, 1)
    read = m.actions.get(action.id)
    equal((read.all_changes_deployed, read.deployed_version.id), (True, made.id))
    return made


@check("actions.test")
def _():
    event = {"user": {"user_id": "auth0|1", "user_metadata": {}, "app_metadata": {}}}
    assert m.actions.test(needs(action, "an action").id, payload={"event": event}).payload is not None


@check("actions.list")
def _():
    equal([row.id for row in m.actions.list(action_name=f"python {RUN}")], [needs(action, "an action").id])
    assert action.id in [row.id for row in m.actions.list(trigger_id="post-login", per_page=1)]


@check("actions.versions")
def _():
    m.actions.update(needs(action, "an action").id, secrets=[{"name": "GREETING", "value": "hi"}])
    equal(m.actions.deploy(action.id).number, 2)
    back = m.actions.versions.deploy(action.id, needs(version, "a version").id)
    equal(back.number, 3)
    rows = {row.number: row.deployed for row in m.actions.versions.list(action.id)}
    equal(rows, {1: False, 2: False, 3: True})
    equal(m.actions.versions.get(action.id, version.id).number, 1)


@check("actions.triggers.bindings")
def _():
    binding = {"ref": {"type": "action_name", "value": f"python {RUN}"}, "display_name": "python"}
    bound = m.actions.triggers.bindings.update_many("post-login", bindings=[binding])
    equal([row.action.name for row in bound.bindings], [f"python {RUN}"])
    equal([row.display_name for row in m.actions.triggers.bindings.list("post-login")], ["python"])


@check("actions: with JavaScript code")
def _():
    code = "exports.onExecutePostLogin = async () => {};"
    made = m.actions.create(name=f"script {RUN}", supported_triggers=TRIGGERS, runtime="node22", code=code)
    read = m.actions.get(made.id)
    equal(read.code, code)
    assert read.status in ("failed", "built", "pending")
    m.actions.delete(made.id, force=True)


# Logins.

get_token = GetToken(DOMAIN, app.client_id if app else "", app.client_secret if app else "")
db = Database(DOMAIN, app.client_id if app else "")


def log_in(**more):
    arguments = {"username": MAIL, "password": PASSWORD, "realm": CONNECTION, "scope": "openid profile offline_access"}
    return get_token.login(**(arguments | more))


@check("GetToken.login: with the claims of an action")
def tokens():
    answer = log_in()
    assert answer["access_token"] and answer["refresh_token"] and answer["expires_in"] > 0
    return answer


@check("TokenVerifier")
def _():
    signature = AsymmetricSignatureVerifier(f"https://{DOMAIN}/.well-known/jwks.json")
    id_token = needs(tokens, "tokens")["id_token"]
    claims = TokenVerifier(signature, issuer=ISSUER, audience=app.client_id).verify(id_token)
    equal((claims["sub"], claims["https://example.com/logins"]), (have(), 1))
    equal(claims["https://example.com/user_metadata"], {"nested": {"b": 2}, "size": "L"})
    try:
        TokenVerifier(signature, issuer=ISSUER, audience="other").verify(id_token)
    except TokenValidationError:
        return
    raise AssertionError("a foreign audience is accepted")


@check("GetToken.login: the action wrote metadata")
def _():
    equal(m.users.get(have()).app_metadata["logins"], 1)


@check("GetToken.login: wrong password")
def _():
    error = refused(403, lambda: log_in(password="nope"))
    equal((error.error_code, error.message), ("invalid_grant", "Wrong email or password."))


@check("GetToken.client_credentials")
def _():
    answer = GetToken(DOMAIN, **MANAGEMENT).client_credentials(AUDIENCE)
    equal(answer["token_type"], "Bearer")
    refused(403, lambda: get_token.client_credentials(AUDIENCE))


@check("Users.userinfo")
def _():
    information = Users(DOMAIN).userinfo(needs(tokens, "tokens")["access_token"])
    equal((information["sub"], information["given_name"]), (have(), "Ann"))
    refused(401, lambda: Users(DOMAIN).userinfo("bad"))


@check("GetToken.refresh_token: nulls are absent")
def fresh():
    answer = get_token.refresh_token(needs(tokens, "tokens")["refresh_token"])
    assert answer["access_token"] and answer["id_token"]
    return answer


@check("RevokeToken.revoke_refresh_token")
def _():
    token = needs(fresh, "tokens").get("refresh_token", tokens["refresh_token"])
    RevokeToken(DOMAIN, app.client_id, app.client_secret).revoke_refresh_token(token)
    error = refused(403, lambda: get_token.refresh_token(token))
    equal(error.error_code, "invalid_grant")


@check("Database.signup: user_metadata")
def _():
    made = db.signup(email("sue"), PASSWORD, CONNECTION, user_metadata={"plan": "gold"}, given_name="Sue")
    equal(made["email"], email("sue"))
    (read,) = m.users.list_users_by_email(email=email("sue"))
    equal((read.user_metadata, read.given_name), ({"plan": "gold"}, "Sue"))


@check("Database.signup: taken")
def _():
    error = refused(400, lambda: db.signup(email("sue"), PASSWORD, CONNECTION))
    assert error.error_code in ("invalid_signup", "user_exists"), error.error_code


@check("Database.change_password")
def _():
    equal(db.change_password(email("sue"), CONNECTION), "We've just sent you an email to reset your password.")


# Logs, executions, jobs, rules and configuration.


@check("logs and executions")
def _():
    def login():
        for row in m.users.logs.list(have()):
            details = row.details or {}
            if details.get("actions", {}).get("executions"):
                return details["actions"]["executions"][0]
        return None

    execution = m.actions.executions.get(eventually("a login in the log", login))
    equal([row.action_name for row in execution.results], [f"python {RUN}"])
    rows = list(m.logs.list(search='type:"no_such_type"'))
    equal(rows, [])
    page = m.logs.list(per_page=5, sort="date:-1")
    first = page.items[0]
    equal(m.logs.get(first.log_id).log_id, first.log_id)


@check("jobs: import users")
def _():
    rows = [{"email": email("imp"), "app_metadata": {"imp": RUN}}, {"email": MAIL}]
    file = ("users.json", io.BytesIO(json.dumps(rows).encode()), "application/json")
    job = m.jobs.users_imports.create(users=file, connection_id=needs(database, "the connection").id, upsert=False)
    equal((job.type, job.connection_id), ("users_import", database.id))
    done = eventually("the end of the job", lambda: (read := m.jobs.get(job.id)).status == "completed" and read)
    summary = done.summary if isinstance(done.summary, dict) else done.summary.model_dump()
    equal({key: summary[key] for key in ("total", "inserted", "failed")}, {"total": 2, "inserted": 1, "failed": 1})
    errors = m.jobs.errors.get(job.id)
    equal(len(errors), 1)


@check("rules")
def _():
    rule = m.rules.create(name=f"rule-{RUN}", script=SCRIPT, enabled=False)
    assert rule.id in [row.id for row in m.rules.list()]
    equal(m.rules.update(rule.id, enabled=True).enabled, True)
    m.rules.delete(rule.id)
    refused(404, lambda: m.rules.get(rule.id))


@check("rules configs")
def _():
    m.rules_configs.set("KEY", value="secret")
    assert "KEY" in [row.key for row in m.rules_configs.list()]
    m.rules_configs.delete("KEY")


@check("resource servers, client grants and tenant settings")
def _():
    identifier = f"https://api.example.com/{RUN}"
    api = m.resource_servers.create(identifier=identifier, scopes=[{"value": "read:all"}])
    assert identifier in [row.identifier for row in m.resource_servers.list()]
    grant = m.client_grants.create(client_id=needs(app, "a client").client_id, audience=identifier, scope=["read:all"])
    assert grant.id in [row.id for row in m.client_grants.list()]
    m.client_grants.delete(grant.id)
    m.resource_servers.delete(api.id)
    assert m.tenants.settings.get() is not None


# What is left goes away.


@check("deletes")
def _():
    m.actions.triggers.bindings.update_many("post-login", bindings=[])
    m.actions.delete(needs(action, "an action").id, force=True)
    for name in ("ann", "bob", "cat", "sue", "imp"):
        for row in m.users.list_users_by_email(email=email(name)):
            m.users.delete(row.user_id)
    refused(404, lambda: m.users.get(have()))
    m.users.delete(have())
    m.clients.delete(needs(app, "a client").client_id)
    refused(404, lambda: m.clients.get(app.client_id))


finish()
