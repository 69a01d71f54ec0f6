// A host as the engine gives one, made of Node's own parts: the web's classes here are tried beside Node's.

import { attach } from '../../src/host_calls.js';

const NodeURL = globalThis.URL;
const PARTS = ['protocol', 'username', 'password', 'host', 'hostname', 'port', 'pathname', 'search', 'hash'];

function parts(url) {
    const { href } = url;
    const scheme = url.protocol.length - 1;
    const slashes = href.startsWith('//', scheme + 1) && (url.host !== '' || /^[^:]+:\/\/(\/|$|\?|#)/.test(href));
    const userStart = scheme + (slashes ? 3 : 1);
    const userEnd = userStart + url.username.length;
    const hasPassword = url.password !== '';
    const passwordStart = hasPassword ? userEnd + 1 : userEnd;
    const passwordEnd = passwordStart + url.password.length;
    const hostStart = passwordEnd + (url.username !== '' || hasPassword ? 1 : 0);
    const hostEnd = hostStart + url.hostname.length;
    const portStart = url.port === '' ? hostEnd : hostEnd + 1;
    const portEnd = portStart + url.port.length;
    const pathStart = href.startsWith('/.//', portEnd) && url.pathname.startsWith('//') ? portEnd + 2 : portEnd;
    const pathEnd = pathStart + url.pathname.length;
    const hash = href.indexOf('#');
    const queryEnd = hash < 0 ? href.length : hash;
    return [
        href,
        scheme,
        userStart,
        userEnd,
        passwordStart,
        passwordEnd,
        hostStart,
        hostEnd,
        portStart,
        portEnd,
        pathStart,
        pathEnd,
        queryEnd,
    ];
}

const nodeFetch = globalThis.fetch;
const encoder = new TextEncoder();
const decoder = new TextDecoder('utf-8', { ignoreBOM: true });

/** Answers `http.fetch` as the host does. */
async function httpFetch({ method, url, headers, body, redirect }) {
    const bytes = body && Buffer.from(body.text ?? body.base64, body.text === undefined ? 'base64' : 'utf8');
    try {
        const answer = await nodeFetch(url, { method, headers, body: bytes, redirect });
        const got = Buffer.from(await answer.arrayBuffer());
        const text = got.toString();
        return {
            status: answer.status,
            status_text: answer.statusText,
            url: answer.url,
            headers: [...answer.headers].filter(([name]) => name !== 'content-encoding'),
            body: Buffer.from(text).equals(got) ? { text } : { base64: got.toString('base64') },
        };
    } catch ({ cause }) {
        const codes = { ENOTFOUND: 'dns', ECONNREFUSED: 'connect' };
        const texts = {
            'redirect count exceeded': 'more than 10 redirects',
            'unexpected redirect': 'the answer is a redirect',
        };
        return {
            error: { code: codes[cause?.code] ?? 'protocol', message: texts[cause?.message] ?? `${cause?.message}` },
        };
    }
}

/** What is asked of the host, in order. */
export const calls = [];
const answers = new Map();
let wake = () => {};
let nextId = 1;

export const host = {
    now: () => Date.now(),
    random: (size) => crypto.getRandomValues(new Uint8Array(size)),
    loading: () => false,
    log: () => {},
    callStart(text) {
        const call = JSON.parse(text);
        const id = nextId;
        nextId += 1;
        calls.push(call);
        const done = (answer) => {
            answers.set(id, JSON.stringify(answer));
            wake();
        };
        if (call.type === 'timer') setTimeout(done, call.ms, {});
        else httpFetch(call).then(done);
        return id;
    },
    callWait: () => answers.keys().next().value ?? -1,
    callTake(id) {
        const answer = answers.get(id);
        answers.delete(id);
        return answer;
    },
    url: {
        parse(input, base) {
            try {
                return parts(new NodeURL(input, base));
            } catch {
                return undefined;
            }
        },
        set(href, name, value) {
            const url = new NodeURL(href);
            if (!PARTS.includes(name)) throw new Error(name);
            url[name] = value;
            return parts(url);
        },
    },
    text: {
        encode: (text) => encoder.encode(text),
        decode: (bytes) => decoder.decode(bytes),
        isUtf8: (bytes) => Buffer.from(Buffer.from(bytes).toString()).equals(Buffer.from(bytes)),
        toBase64: (bytes) => Buffer.from(bytes).toString('base64'),
        atob: (text) => Buffer.from(text, 'base64').toString('latin1'),
        btoa: (text) => (/[^\0-\xff]/.test(text) ? undefined : Buffer.from(text, 'latin1').toString('base64')),
        fromBase64: (text) => new Uint8Array(Buffer.from(text, 'base64')),
    },
};
attach(host);

/** Waits until a call is answered. */
export function answer() {
    return answers.size > 0 ? Promise.resolve() : new Promise((resolve) => (wake = resolve));
}
