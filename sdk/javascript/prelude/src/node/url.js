/** Node's `url`: the legacy functions over the npm package of that name, the rest over the web's URL. */
import punycode from 'punycode/punycode.js';
import legacy from 'url/url.js';
import {
    ERR_INVALID_ARG_TYPE, ERR_INVALID_FILE_URL_HOST, ERR_INVALID_FILE_URL_PATH, ERR_INVALID_URL_SCHEME, withCode,
} from './errors.js';
import path from './path.js';
import { validateString } from './validators.js';

const LegacyUrl = legacy.Url;
const isWhatwg = (value) => typeof globalThis.URL === 'function' && value instanceof globalThis.URL;

/** What Node refuses to parse and the package would take. */
function checkHost(text) {
    const authority = /^\s*[a-z][a-z0-9+.-]*:\/\/([^/?#\\]*)/i.exec(text)?.[1];
    if (authority === undefined) return;
    const host = authority.slice(authority.lastIndexOf('@') + 1);
    const port = /:([^:\]]*)$/.exec(host)?.[1];
    if (port !== undefined && /^[0-9]+$/.test(port) === false && port !== '') return;
    const name = host.replace(/:[0-9]*$/, '');
    if ((/[\0\t\n\r<>|]/.test(name) && !name.startsWith('[')) || !name.isWellFormed()) {
        throw invalidUrl(text);
    }
}

function invalidUrl(input) {
    const error = withCode(new TypeError('Invalid URL'), 'ERR_INVALID_URL');
    error.input = input;
    return error;
}

/** `url.parse`. */
function parse(text, parseQuery, slashesDenoteHost) {
    if (text instanceof LegacyUrl) return text;
    validateString(text, 'url');
    checkHost(text);
    const parsed = new LegacyUrl();
    try {
        parsed.parse(text, parseQuery, slashesDenoteHost);
    } catch (error) {
        throw error instanceof URIError ? error : invalidUrl(text);
    }
    if (parseQuery && !parsed.search) parsed.query = { __proto__: null };
    return withNulls(parsed);
}

/** The package leaves an absent auth and the like as Node does: null. */
function withNulls(parsed) {
    for (const key of Object.keys(parsed)) if (parsed[key] === undefined) parsed[key] = null;
    return parsed;
}

function formatWhatwg(value, options) {
    const { fragment = true, unicode = false, search = true, auth = true } = options ?? {};
    let out = value.protocol;
    if (value.host !== '' || value.protocol === 'file:') {
        out += '//';
        if (auth && (value.username !== '' || value.password !== '')) {
            out += `${value.username}${value.password === '' ? '' : `:${value.password}`}@`;
        }
        out += unicode ? domainToUnicode(value.hostname) + (value.port === '' ? '' : `:${value.port}`) : value.host;
    }
    out += value.pathname;
    if (search) out += value.search;
    if (fragment) out += value.hash;
    return out;
}

/** `url.format`, of a URL or of the legacy kind. */
function format(value, options) {
    if (typeof value === 'string') return parse(value).format();
    if (value === null || typeof value !== 'object') {
        throw ERR_INVALID_ARG_TYPE('urlObject', ['Object', 'string'], value);
    }
    if (isWhatwg(value)) return formatWhatwg(value, options);
    const text = LegacyUrl.prototype.format.call(value);
    // Without a protocol the package writes slashes before a host, Node does not.
    const bare = !value.protocol && !value.slashes && (value.host || value.hostname);
    return bare && text.startsWith('//') ? text.slice(2) : text;
}

function resolve(from, to) {
    return resolveObject(parse(from, false, true), to).format();
}

function resolveObject(from, to) {
    if (!from) return to;
    const base = parse(from, false, true);
    const relative = parse(to, false, true);
    const result = base.resolveObject(relative);
    // Credentials do not follow to another host; the package would let them.
    if (relative.host && result.auth !== relative.auth) {
        result.auth = relative.auth;
        result.href = result.format();
    }
    return result;
}

/** A host in ASCII; the empty string where it is none. */
function domainToASCII(domain) {
    const [host] = `${domain}`.split(/[/?#\\]/);
    if (/@|^[^[].*:/.test(host)) return '';
    try {
        return new globalThis.URL(`ws://${host}`).hostname;
    } catch {
        return '';
    }
}

function domainToUnicode(domain) {
    return punycode.toUnicode(domainToASCII(domain));
}

function fileURLToPath(value) {
    let url = value;
    if (typeof url === 'string') url = new globalThis.URL(url);
    else if (!isWhatwg(url)) throw ERR_INVALID_ARG_TYPE('path', ['string', 'URL'], value);
    if (url.protocol !== 'file:') throw ERR_INVALID_URL_SCHEME('file');
    if (url.hostname !== '') throw ERR_INVALID_FILE_URL_HOST('linux');
    if (/%2f/i.test(url.pathname)) throw ERR_INVALID_FILE_URL_PATH('must not include encoded / characters');
    return decodeURIComponent(url.pathname);
}

function pathToFileURL(value) {
    validateString(value, 'path');
    const resolved = path.resolve(value) + (value.endsWith('/') && value !== '/' ? '/' : '');
    const escaped = resolved.replace(/[%\\\n\r\t?#]/g, (c) => encodeURIComponent(c));
    return new globalThis.URL(`file://${escaped}`);
}

function urlToHttpOptions(url) {
    const { hostname, pathname, port, username, password, search } = url;
    const options = {
        __proto__: null,
        ...url,
        protocol: url.protocol,
        hostname: hostname?.[0] === '[' ? hostname.slice(1, -1) : hostname,
        hash: url.hash,
        search,
        pathname,
        path: `${pathname || ''}${search || ''}`,
        href: url.href,
    };
    if (port !== '') options.port = Number(port);
    if (username || password) options.auth = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`;
    return options;
}

const module = {
    Url: LegacyUrl, parse, resolve, resolveObject, format,
    domainToASCII, domainToUnicode, pathToFileURL, fileURLToPath, urlToHttpOptions,
};
for (const name of ['URL', 'URLSearchParams']) {
    Object.defineProperty(module, name, { enumerable: true, configurable: true, get: () => globalThis[name] });
}

export default module;
