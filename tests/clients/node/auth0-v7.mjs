// npm `auth0` 7.x: the Management API.
import { ManagementClient } from 'auth0-v7';

import { calls } from './lib/calls.mjs';
import { finish } from './lib/harness.mjs';
import { checkManagement } from './lib/management.mjs';
import { domain, management } from './lib/server.mjs';

const client = (settings = {}) =>
  calls(new ManagementClient(settings.token ? { domain, ...settings } : { domain, ...management, ...settings }));
await checkManagement(client(), client);
finish();
