// npm `auth0` 4.x: the Management API, and logins.
import { AuthenticationClient, ManagementClient, UserInfoClient } from 'auth0-v4';

import { checkAuthentication } from './lib/authentication.mjs';
import { passwordLogin } from './lib/calls.mjs';
import { finish } from './lib/harness.mjs';
import { checkManagement } from './lib/management.mjs';
import { domain, management } from './lib/server.mjs';

const data = async (promise) => (await promise).data;

/** Every page of a list that is asked for with totals. */
async function all(list, name, query) {
  const rows = [];
  for (let page = 0; ; page += 1) {
    const answer = await data(list({ page, per_page: 50, include_totals: true, ...query }));
    rows.push(...answer[name]);
    if (answer[name].length < (query.per_page ?? 50)) return rows;
  }
}

function calls({ users, usersByEmail, clients, connections, actions, logs, jobs, rules, ...more }) {
  const { resourceServers, clientGrants, tenants, selfServiceProfiles } = more;
  const bound = (manager, method) => manager[method].bind(manager);
  return {
    notServed: () => data(selfServiceProfiles.get({ id: 'ssp_0000000000000000' })),
    users: {
      all: (query) => all(bound(users, 'getAll'), 'users', query),
      page: (query) => data(users.getAll({ ...query, include_totals: true })),
      create: (body) => data(users.create(body)),
      get: (id, query) => data(users.get({ id, ...query })),
      update: (id, body) => data(users.update({ id }, body)),
      delete: (id) => users.delete({ id }),
      byEmail: (email) => data(usersByEmail.getByEmail({ email })),
      deleteFactor: (id, provider) => users.deleteMultifactorProvider({ id, provider }),
      methods: (id) => data(users.getAuthenticationMethods({ id })),
      link: (id, body) => data(users.link({ id }, body)),
      unlink: (id, provider, other) => data(users.unlink({ id, provider, user_id: other })),
      logs: (id) => data(users.getLogs({ id, sort: 'date:-1' })),
    },
    clients: {
      all: (query) => all(bound(clients, 'getAll'), 'clients', query),
      create: (body) => data(clients.create(body)),
      get: (id, query) => data(clients.get({ client_id: id, ...query })),
      update: (id, body) => data(clients.update({ client_id: id }, body)),
      rotateSecret: (id) => data(clients.rotateClientSecret({ client_id: id })),
      delete: (id) => clients.delete({ client_id: id }),
    },
    connections: {
      all: (query) => data(connections.getAll(query)),
      checkpoints: async () => {
        const rows = [];
        let from;
        do {
          const page = await data(connections.getAll({ take: 1, ...(from ? { from } : {}) }));
          rows.push(...page.connections);
          from = page.next;
        } while (from);
        return rows;
      },
      get: (id) => data(connections.get({ id })),
      enabled: async (id) => (await data(connections.getEnabledClients({ id }))).clients,
      enable: (id, body) => connections.updateEnabledClients({ id }, body),
    },
    actions: {
      all: (query) => all(bound(actions, 'getAll'), 'actions', query),
      create: (body) => data(actions.create(body)),
      get: (id) => data(actions.get({ id })),
      update: (id, body) => data(actions.update({ id }, body)),
      delete: (id, query) => actions.delete({ id, ...query }),
      deploy: (id) => data(actions.deploy({ id })),
      test: (id, body) => data(actions.test({ id }, body)),
      versions: async (id) => (await data(actions.getVersions({ actionId: id }))).versions,
      version: (id, version) => data(actions.getVersion({ actionId: id, id: version })),
      rollBack: (id, version) => data(actions.deployVersion({ actionId: id, id: version }, {})),
      triggers: () => data(actions.getAllTriggers()),
      execution: (id) => data(actions.getExecution({ id })),
    },
    bindings: {
      all: async (triggerId) => (await data(actions.getTriggerBindings({ triggerId }))).bindings,
      replace: (triggerId, bindings) => data(actions.updateTriggerBindings({ triggerId }, { bindings })),
    },
    logs: {
      page: (query) => data(logs.getAll(query)),
      get: (id) => data(logs.get({ id })),
      search: (q) => data(logs.getAll({ q })),
      q: (q) => data(logs.getAll({ q })),
      checkpoint: (query) => data(logs.getAll(query)),
    },
    jobs: {
      import: (body) => data(jobs.importUsers(body)),
      get: (id) => data(jobs.get({ id })),
      errors: (id) => data(jobs.getErrors({ id })),
    },
    rules: {
      all: (query) => all(bound(rules, 'getAll'), 'rules', query),
      create: (body) => data(rules.create(body)),
      get: (id) => data(rules.get({ id })),
      update: (id, body) => data(rules.update({ id }, body)),
      delete: (id) => rules.delete({ id }),
    },
    tenant: { get: () => data(tenants.getSettings()), update: (body) => data(tenants.updateSettings(body)) },
    resourceServers: {
      create: (body) => data(resourceServers.create(body)),
      get: (id) => data(resourceServers.get({ id })),
      delete: (id) => resourceServers.delete({ id }),
    },
    clientGrants: {
      all: (query) => data(clientGrants.getAll(query)),
      create: (body) => data(clientGrants.create(body)),
      delete: (id) => clientGrants.delete({ id }),
    },
    passwordLogin,
  };
}

const client = (settings = {}) =>
  calls(new ManagementClient(settings.token ? { domain, ...settings } : { domain, ...management, ...settings }));
await checkManagement(client(), client);
await checkAuthentication({ AuthenticationClient, UserInfoClient });
finish();
