// The server under test: where it is, its credentials, and a plain management client for what a script prepares.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

const bootstrap = JSON.parse(readFileSync(process.env.POSTERN_BOOTSTRAP, 'utf8'));

export const domain = bootstrap.domain;
export const issuer = bootstrap.issuer;
export const base = `https://${domain}`;
export const audience = `${issuer}api/v2/`;
export const management = {
  clientId: bootstrap.management.client_id,
  clientSecret: bootstrap.management.client_secret,
};
export const operatorToken = bootstrap.operator_token;
export const connection = 'Username-Password-Authentication';
export const realmGrant = 'http://auth0.com/oauth/grant-type/password-realm';

/** Not used before in this store, so that scripts can be run again. */
export const run = `${Date.now().toString(36)}${process.pid.toString(36)}`;
export const password = 'Corr3ct-horse-battery!';
export const email = (name) => `${name}-${run}@example.com`;

let token;

/** A management token. */
export async function managementToken() {
  const body = new URLSearchParams({
    grant_type: 'client_credentials',
    client_id: management.clientId,
    client_secret: management.clientSecret,
    audience,
  });
  token ??= (await (await fetch(`${base}/oauth/token`, { method: 'POST', body })).json()).access_token;
  return token;
}

/** A call of the Management API; `type` other than JSON sends the body as it is. */
export async function manage(method, path, body, type = 'application/json') {
  const headers = { authorization: `Bearer ${await managementToken()}` };
  if (body !== undefined) headers['content-type'] = type;
  const sent = body === undefined || type !== 'application/json' ? body : JSON.stringify(body);
  const response = await fetch(`${base}/api/v2/${path}`, { method, headers, body: sent });
  const text = await response.text();
  const answer = text ? JSON.parse(text) : undefined;
  if (!response.ok) {
    const error = new Error(`${method} ${path}: ${response.status} ${text}`);
    throw Object.assign(error, { statusCode: response.status, body: answer });
  }
  return answer;
}

/** A client that may do everything. */
export function createClient(name, settings = {}) {
  return manage('POST', 'clients', {
    name: `${name} ${run}`,
    app_type: 'regular_web',
    oidc_conformant: true,
    token_endpoint_auth_method: 'client_secret_post',
    callbacks: ['https://app.example.com/cb'],
    grant_types: ['authorization_code', 'implicit', 'refresh_token', 'client_credentials', 'password', realmGrant],
    ...settings,
  });
}

/** Uploads the module of a compiled action as an action's draft. */
export function uploadArtifact(action, name = 'client-checks') {
  const module = readFileSync(join(process.env.POSTERN_GUESTS, `${name}.wasm`));
  return manage('PUT', `actions/actions/${action}/artifact`, module, 'application/wasm');
}

/** Creates, uploads and deploys a compiled action and binds it alone; returns what undoes that. */
export async function bindAction(name, secrets = [{ name: 'GREETING', value: 'hello' }]) {
  const body = { name: `${name} ${run}`, supported_triggers: [{ id: 'post-login', version: 'v3' }], runtime: 'wasm', secrets };
  const action = await manage('POST', 'actions/actions', body);
  await uploadArtifact(action.id);
  await manage('POST', `actions/actions/${action.id}/deploy`);
  const bindings = [{ ref: { type: 'action_id', value: action.id }, display_name: name }];
  await manage('PATCH', 'actions/triggers/post-login/bindings', { bindings });
  return async () => {
    await manage('PATCH', 'actions/triggers/post-login/bindings', { bindings: [] });
    await manage('DELETE', `actions/actions/${action.id}?force=true`);
  };
}
