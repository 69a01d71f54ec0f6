// `request`, the HTTP client of nearly every rule, as far as rules use it: callbacks, JSON, forms. Over fetch, so that
// `postern rules convert` can write it into an action; it imports nothing.

function addressOf(options) {
    const url = new URL(String(options.url ?? options.uri));
    for (const [name, value] of Object.entries(options.qs ?? {})) {
        for (const one of Array.isArray(value) ? value : [value]) url.searchParams.append(name, String(one));
    }
    return url;
}

function headersOf(options) {
    const headers = {};
    for (const [name, value] of Object.entries(options.headers ?? {})) {
        if (value !== undefined && value !== null) headers[name.toLowerCase()] = String(value);
    }
    const { auth } = options;
    if (auth?.bearer !== undefined) {
        headers.authorization = `Bearer ${typeof auth.bearer === 'function' ? auth.bearer() : auth.bearer}`;
    } else if (auth) {
        const pair = `${auth.user ?? auth.username ?? ''}:${auth.pass ?? auth.password ?? ''}`;
        headers.authorization = `Basic ${Buffer.from(pair).toString('base64')}`;
    }
    return headers;
}

function formOf(form) {
    if (typeof form === 'string') return form;
    const parameters = new URLSearchParams();
    for (const [name, value] of Object.entries(form)) {
        for (const one of Array.isArray(value) ? value : [value]) parameters.append(name, String(one));
    }
    return parameters.toString();
}

function bodyOf(options, headers) {
    const kind = (type) => {
        headers['content-type'] ??= type;
    };
    if (options.form !== undefined) {
        kind('application/x-www-form-urlencoded');
        return formOf(options.form);
    }
    const { json } = options;
    if (json !== undefined && json !== false) {
        headers.accept ??= 'application/json';
        const value = json === true ? options.body : json;
        if (value === undefined) return undefined;
        kind('application/json');
        return json === true && typeof value === 'string' ? value : JSON.stringify(value);
    }
    return options.body;
}

async function send(options) {
    const headers = headersOf(options);
    const method = String(options.method ?? 'GET').toUpperCase();
    const body = bodyOf(options, headers);
    const init = { method, headers, body, redirect: options.followRedirect === false ? 'manual' : 'follow' };
    if (options.timeout > 0) init.signal = AbortSignal.timeout(options.timeout);
    const answer = await fetch(addressOf(options), init);
    const bytes = Buffer.from(await answer.arrayBuffer());
    let content = options.encoding === null ? bytes : bytes.toString(options.encoding ?? 'utf8');
    if (options.json !== undefined && options.json !== false && typeof content === 'string') {
        try {
            content = JSON.parse(content);
        } catch {
            // It stays the text that it is.
        }
    }
    return {
        statusCode: answer.status,
        statusMessage: answer.statusText,
        headers: Object.fromEntries(answer.headers),
        body: content,
        request: { method, headers, href: String(addressOf(options)) },
    };
}

function failure(error, options) {
    if (error?.name === 'TimeoutError' && options.timeout > 0) {
        return Object.assign(new Error('ESOCKETTIMEDOUT'), { code: 'ESOCKETTIMEDOUT', connect: false });
    }
    return error?.cause instanceof Error ? error.cause : error;
}

function optionsOf(args, defaults) {
    const callback = args.find((argument) => typeof argument === 'function');
    const given = args.filter((argument) => typeof argument !== 'function');
    const [first, second] = given;
    const named = typeof first === 'string' || first instanceof URL ? { ...second, url: String(first) } : { ...first };
    const options = { ...defaults, ...named, headers: { ...defaults.headers, ...named.headers } };
    return { options, callback: callback ?? options.callback };
}

function make(defaults) {
    const call = (method, args) => {
        const { options, callback } = optionsOf(args, defaults);
        if (method !== undefined) options.method = method;
        if (options.url === undefined && options.uri === undefined) {
            throw new Error('undefined is not a valid uri or options object.');
        }
        // What a callback throws is nobody's promise: it ends the rule.
        const tell = (...told) => setImmediate(() => callback?.(...told));
        send(options).then(
            (answer) => tell(null, answer, answer.body),
            (error) => tell(failure(error, options)),
        );
    };
    const client = (...args) => call(undefined, args);
    for (const method of ['get', 'head', 'options', 'post', 'put', 'patch', 'delete']) {
        client[method] = (...args) => call(method.toUpperCase(), args);
    }
    client.del = client.delete;
    client.defaults = (more) => make({ ...defaults, ...more, headers: { ...defaults.headers, ...more?.headers } });
    return client;
}

/** The client. */
export const request = make({});
