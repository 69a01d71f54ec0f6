// How npm `auth0` 5.x and 7.x spell the calls of the Management API.
import { base } from './server.mjs';

const all = async (promise) => {
  const rows = [];
  for await (const row of await promise) rows.push(row);
  return rows;
};

/** The calls of a ManagementClient of 5.x or 7.x. */
export function calls(client) {
  const { users, clients, connections, actions, logs, jobs, rules, resourceServers, clientGrants, tenants } = client;
  return {
    notServed: () => client.selfServiceProfiles.get('ssp_0000000000000000'),
    users: {
      all: (query) => all(users.list(query)),
      page: async (query) => (await users.list(query)).response,
      create: (body) => users.create(body),
      get: (id, query) => users.get(id, query),
      update: (id, body) => users.update(id, body),
      delete: (id) => users.delete(id),
      byEmail: (email) => users.listUsersByEmail({ email }),
      deleteFactor: (id, provider) => users.multifactor.deleteProvider(id, provider),
      methods: (id) => all(users.authenticationMethods.list(id)),
      link: (id, body) => users.identities.link(id, body),
      unlink: (id, provider, other) => users.identities.delete(id, provider, other),
      logs: (id) => all(users.logs.list(id, { sort: 'date:-1' })),
    },
    clients: {
      all: (query) => all(clients.list(query)),
      create: (body) => clients.create(body),
      get: (id, query) => clients.get(id, query),
      update: (id, body) => clients.update(id, body),
      rotateSecret: (id) => clients.rotateSecret(id),
      delete: (id) => clients.delete(id),
    },
    connections: {
      all: (query) => all(connections.list(query)),
      checkpoints: () => all(connections.list({ take: 1 })),
      get: (id) => connections.get(id),
      enabled: (id) => all(connections.clients.get(id)),
      enable: (id, body) => connections.clients.update(id, body),
    },
    actions: {
      all: (query) => all(actions.list(query)),
      create: (body) => actions.create(body),
      get: (id) => actions.get(id),
      update: (id, body) => actions.update(id, body),
      delete: (id, query) => actions.delete(id, query),
      deploy: (id) => actions.deploy(id),
      test: (id, body) => actions.test(id, body),
      versions: (id) => all(actions.versions.list(id)),
      version: (id, version) => actions.versions.get(id, version),
      rollBack: (id, version) => actions.versions.deploy(id, version, { update_draft: true }),
      triggers: () => actions.triggers.list(),
      execution: (id) => actions.executions.get(id),
    },
    bindings: {
      all: (trigger) => all(actions.triggers.bindings.list(trigger)),
      replace: (trigger, bindings) => actions.triggers.bindings.updateMany(trigger, { bindings }),
    },
    logs: {
      page: async (query) => (await logs.list(query)).data,
      get: (id) => logs.get(id),
      search: (search) => all(logs.list({ search })),
      q: (q) => all(logs.list({}, { queryParams: { q } })),
      // It always asks for pages, which the server leaves aside when there is a checkpoint, and then cannot read it.
      checkpoint: async (query) => (await logs.list({}, { queryParams: query })).response,
    },
    jobs: {
      import: (body) => jobs.usersImports.create(body),
      get: (id) => jobs.get(id),
      errors: (id) => jobs.errors.get(id),
    },
    rules: {
      all: (query) => all(rules.list(query)),
      create: (body) => rules.create(body),
      get: (id) => rules.get(id),
      update: (id, body) => rules.update(id, body),
      delete: (id) => rules.delete(id),
    },
    tenant: { get: () => tenants.settings.get(), update: (body) => tenants.settings.update(body) },
    resourceServers: {
      create: (body) => resourceServers.create(body),
      get: (id) => resourceServers.get(id),
      delete: (id) => resourceServers.delete(id),
    },
    clientGrants: {
      all: (query) => all(clientGrants.list(query)),
      create: (body) => clientGrants.create(body),
      delete: (id) => clientGrants.delete(id),
    },
    passwordLogin,
  };
}

/** 7.x has no client for logins: plainly. */
export async function passwordLogin(client, { realm, ...body }) {
  const response = await fetch(`${base}/oauth/token`, {
    method: 'POST',
    body: new URLSearchParams({
      grant_type: 'http://auth0.com/oauth/grant-type/password-realm',
      client_id: client.client_id,
      client_secret: client.client_secret,
      realm,
      ...body,
    }),
  });
  const answer = await response.json();
  if (!response.ok) throw Object.assign(new Error(answer.error_description), { statusCode: response.status, body: answer });
  return answer;
}
