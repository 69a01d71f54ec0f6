// npm `auth0` 5.x: the Management API, and logins.
import { AuthenticationClient, ManagementClient, UserInfoClient } from 'auth0-v5';

import { checkAuthentication } from './lib/authentication.mjs';
import { calls } from './lib/calls.mjs';
import { finish } from './lib/harness.mjs';
import { checkManagement } from './lib/management.mjs';
import { domain, management } from './lib/server.mjs';

const client = (settings = {}) =>
  calls(new ManagementClient(settings.token ? { domain, ...settings } : { domain, ...management, ...settings }));
await checkManagement(client(), client);
await checkAuthentication({ AuthenticationClient, UserInfoClient });
finish();
