// The api object that a handler gets.

import { cache } from './cache.js';
import { begin } from './context.js';
import { groups, roles, rules } from './directory.js';
import * as exchange from './exchange.js';
import { access, accessToken, authentication, idToken, multifactor, user, validation } from './login.js';
import { prompt } from './prompt.js';
import { redirect } from './redirect.js';
import { samlResponse } from './saml.js';
import { refreshToken, session } from './session.js';
import { transaction } from './transaction.js';

function built(namespaces) {
    const api = {};
    for (const [name, make] of Object.entries(namespaces)) api[name] = make(api);
    return api;
}

// Built with the engine. An instance serves one run, so an action may change its api as it likes.
const APIS = {
    'post-login': built({
        access,
        accessToken,
        authentication,
        cache,
        groups,
        roles,
        idToken,
        multifactor,
        prompt,
        refreshToken,
        session,
        redirect,
        samlResponse,
        user,
        validation,
        rules,
        transaction,
    }),
    'credentials-exchange': built({ access: exchange.access, accessToken: exchange.accessToken, cache, transaction }),
};

/** The api of a run. */
export function apiFor(trigger, run) {
    begin(run);
    return APIS[trigger];
}
