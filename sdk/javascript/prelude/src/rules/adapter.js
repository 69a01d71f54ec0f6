// A rule, `function (user, context, callback)`, as the handlers of an action: what it gets is made from the event, and
// what it did to `context` becomes calls of the api. `postern rules convert` writes this file into the action that it
// makes, so it imports nothing.

/** What a rule throws or hands back to turn a user away. */
export function UnauthorizedError(message) {
    const error = new Error(message);
    Object.setPrototypeOf(error, UnauthorizedError.prototype);
    Error.captureStackTrace?.(error, UnauthorizedError);
    return error;
}
UnauthorizedError.prototype = Object.create(Error.prototype, {
    constructor: { value: UnauthorizedError, writable: true, configurable: true },
    name: { value: 'UnauthorizedError', writable: true, configurable: true },
});

const GEOIP = {
    country_code: 'countryCode',
    country_code3: 'countryCode3',
    country_name: 'countryName',
    city_name: 'cityName',
    latitude: 'latitude',
    longitude: 'longitude',
    time_zone: 'timeZone',
    continent_code: 'continentCode',
    subdivision_code: 'subdivisionCode',
    subdivision_name: 'subdivisionName',
};

const jsonOf = (value) => JSON.stringify(value);
const copyOf = (value) => (value === undefined ? undefined : JSON.parse(jsonOf(value)));
const isObject = (value) => value !== null && typeof value === 'object' && !Array.isArray(value);

function requestOf(request) {
    const geoip = {};
    for (const [name, from] of Object.entries(GEOIP)) {
        if (request.geoip?.[from] !== undefined) geoip[name] = request.geoip[from];
    }
    return {
        userAgent: request.user_agent,
        ip: request.ip,
        hostname: request.hostname,
        query: copyOf(request.query ?? {}),
        body: copyOf(request.body ?? {}),
        geoip,
    };
}

function authenticationOf(authentication) {
    const methods = (authentication?.methods ?? []).map((method) => ({
        ...copyOf(method),
        timestamp: typeof method.timestamp === 'string' ? Date.parse(method.timestamp) : method.timestamp,
    }));
    return { methods };
}

/** `user` of a rule: the profile with its metadata. */
export const userOf = (event) => copyOf(event.user);

/** `context` of a rule. What earlier rules put into the tokens is there already. */
export function contextOf(event, protocol) {
    const { client, connection, session, rule } = event;
    const context = {
        tenant: event.tenant?.id,
        clientID: client.client_id,
        clientName: client.name,
        clientMetadata: copyOf(client.metadata ?? {}),
        connection: connection.name,
        connectionID: connection.id,
        connectionStrategy: connection.strategy,
        connectionOptions: {},
        connectionMetadata: copyOf(connection.metadata ?? {}),
        samlConfiguration: {},
        jwtConfiguration: {},
        protocol: protocol ?? event.transaction?.protocol,
        stats: { loginsCount: event.stats?.logins_count },
        sso: {
            with_auth0: false,
            with_dbconn: false,
            current_clients: (session?.clients ?? []).map((known) => known.client_id),
        },
        accessToken: copyOf(rule?.access_token ?? {}),
        idToken: copyOf(rule?.id_token ?? {}),
        sessionID: session?.id,
        request: requestOf(event.request),
        authentication: authenticationOf(event.authentication),
        authorization: copyOf(event.authorization ?? { roles: [] }),
    };
    const risk = event.authentication?.riskAssessment;
    if (risk !== undefined) context.riskAssessment = copyOf(risk);
    if (event.organization !== undefined) context.organization = copyOf(event.organization);
    return context;
}

function metadataCalls(event, api, given, { current, set }) {
    if (!isObject(given)) return;
    for (const [key, value] of Object.entries(given)) {
        // Rules write back all that there is: what stayed as it was is no change.
        if (value === undefined || jsonOf(value) === jsonOf(event.user[current]?.[key])) continue;
        if (value === null && event.user[current]?.[key] === undefined) continue;
        api.user[set](key, value);
    }
}

const APP = { current: 'app_metadata', set: 'setAppMetadata' };
const USER = { current: 'user_metadata', set: 'setUserMetadata' };

/** `auth0` of a rule: the metadata of the user who logs in can be changed; there is no token for anything else. */
export function auth0Of(event, api) {
    const answered = (work, callback) => {
        const done = (async () => work())();
        if (typeof callback === 'function') {
            done.then(
                (user) => setImmediate(callback, null, user),
                (error) => setImmediate(callback, error),
            );
        }
        return done;
    };
    const own = (id) => {
        if (id !== event.user.user_id) throw new Error('A rule can only change the user who logs in');
        return copyOf(event.user);
    };
    const update = (kind) => (id, given, callback) =>
        answered(() => {
            const user = own(typeof id === 'object' && id !== null ? id.id : id);
            metadataCalls(event, api, given, kind);
            return { ...user, [kind.current]: { ...user[kind.current], ...copyOf(given) } };
        }, callback);
    return {
        accessToken: '',
        domain: event.request.hostname,
        users: {
            updateAppMetadata: update(APP),
            updateUserMetadata: update(USER),
            update: (params, given, callback) =>
                answered(() => {
                    const user = own(params?.id);
                    metadataCalls(event, api, given?.app_metadata, APP);
                    metadataCalls(event, api, given?.user_metadata, USER);
                    return user;
                }, callback),
            get: (params, callback) => answered(() => own(params?.id), callback),
        },
    };
}

function claims(before, after, token) {
    if (!isObject(after)) return;
    for (const [name, value] of Object.entries(after)) {
        const text = jsonOf(value);
        // `scope` is no claim: in an access token it says which scopes are granted.
        if (name === 'scope' || text === undefined || text === jsonOf(before?.[name])) continue;
        token.setCustomClaim(name, value);
    }
}

function scopes(event, wanted, api) {
    if (!Array.isArray(wanted) && typeof wanted !== 'string') return;
    const list = (Array.isArray(wanted) ? wanted : wanted.split(' ')).filter((scope) => typeof scope === 'string' && scope);
    const asked = event.transaction?.requested_scopes ?? [];
    for (const scope of asked) if (!list.includes(scope)) api.accessToken.removeScope(scope);
    for (const scope of new Set(list)) if (!asked.includes(scope)) api.accessToken.addScope(scope);
}

function multifactor(wanted, api) {
    if (!isObject(wanted) || wanted.provider === undefined) return;
    const { allowRememberBrowser, providerOptions } = wanted;
    const given = allowRememberBrowser !== undefined || providerOptions !== undefined;
    api.multifactor.enable(wanted.provider, given ? { allowRememberBrowser, providerOptions } : undefined);
}

function saml(wanted, user, api) {
    if (!isObject(wanted)) return;
    for (const [name, value] of Object.entries(wanted)) {
        if (value === undefined || value === null || name === 'mappings') continue;
        const setter = `set${name.charAt(0).toUpperCase()}${name.slice(1)}`;
        if (setter !== 'setAttribute' && typeof api.samlResponse[setter] === 'function') api.samlResponse[setter](value);
    }
    for (const [attribute, property] of Object.entries(isObject(wanted.mappings) ? wanted.mappings : {})) {
        const value = typeof property === 'string' ? user?.[property] : undefined;
        if (value !== undefined && value !== null) api.samlResponse.setAttribute(attribute, value);
    }
}

/** Makes calls of the api of what a rule left in `context`. */
export function settle({ event, api }, { user, context }) {
    claims(event.rule?.id_token, context.idToken, api.idToken);
    claims(event.rule?.access_token, context.accessToken, api.accessToken);
    scopes(event, context.accessToken?.scope, api);
    multifactor(context.multifactor, api);
    saml(context.samlConfiguration, user, api);
    if (typeof context.primaryUser === 'string' && context.primaryUser !== event.user.user_id) {
        api.authentication.setPrimaryUser(context.primaryUser);
    }
    if (typeof context.redirect?.url === 'string') api.redirect.sendUserTo(context.redirect.url);
}

/** Calls a rule; its `callback` ends it, and so does what it throws. */
function called(rule, user, context) {
    return new Promise((resolve, reject) => {
        const callback = (error, changedUser, changedContext) => {
            if (error) reject(error);
            else resolve({ user: changedUser ?? user, context: changedContext ?? context });
        };
        // What an async rule throws is as what a plain one does.
        Promise.resolve(rule(user, context, callback)).catch(reject);
    });
}

/**
 * The handlers of an action that does what the rule does. `scope(globals)` gives the rule the names it finds around it,
 * `deny(api, message)` turns the user away.
 */
export function ruleHandlers(rule, { scope, deny }) {
    const run = async (event, api, protocol) => {
        scope({ configuration: copyOf(event.secrets ?? {}), auth0: auth0Of(event, api), UnauthorizedError });
        const context = contextOf(event, protocol);
        let left;
        try {
            left = await called(rule, userOf(event), context);
        } catch (error) {
            if (!(error instanceof UnauthorizedError) && error?.name !== 'UnauthorizedError') throw error;
            deny(api, String(error.message));
            return;
        }
        settle({ event, api }, left);
    };
    return {
        onExecutePostLogin: async (event, api) => run(event, api),
        onContinuePostLogin: async (event, api) => run(event, api, 'redirect-callback'),
    };
}
