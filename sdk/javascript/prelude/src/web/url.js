/**
 * `URL`. It is parsed in Rust, which gives the address as text and where its parts begin and end.
 */

import { INSPECT, missingArguments, show } from './errors.js';
import { host } from './host.js';
import { paramsFollow, paramsOf } from './url_search_params.js';

/** What stands where in what Rust gives: the address, then places in it. */
const [
    HREF,
    SCHEME_END,
    USERNAME_START,
    USERNAME_END,
    PASSWORD_START,
    PASSWORD_END,
    HOST_START,
    HOST_END,
    PORT_START,
    PORT_END,
    PATH_START,
    PATH_END,
    QUERY_END,
] = Array(13).keys();
const WITH_ORIGIN = new Set(['http', 'https', 'ws', 'wss', 'ftp']);
const NAMES = [
    'href',
    'origin',
    'protocol',
    'username',
    'password',
    'host',
    'hostname',
    'port',
    'pathname',
    'search',
    'searchParams',
    'hash',
];

function invalid(input, base) {
    const error = new TypeError('Invalid URL');
    error.code = 'ERR_INVALID_URL';
    error.input = input;
    if (base !== undefined) error.base = base;
    return error;
}

function parse(input, base) {
    return host.url.parse(input.toWellFormed(), base === undefined ? undefined : base.toWellFormed());
}

/** An address. */
export class URL {
    #parts;
    #params;

    constructor(input, base = undefined) {
        if (arguments.length === 0) throw missingArguments('url');
        const text = `${input}`;
        const baseText = base === undefined ? undefined : `${base}`;
        const parts = parse(text, baseText);
        if (!parts) throw invalid(text, baseText);
        this.#parts = parts;
    }

    static canParse(input, base = undefined) {
        if (arguments.length === 0) throw missingArguments('url');
        return parse(`${input}`, base === undefined ? undefined : `${base}`) !== undefined;
    }

    static parse(input, base = undefined) {
        return URL.canParse(input, base) ? new URL(input, base) : null;
    }

    #slice(from, to) {
        const parts = this.#parts;
        return parts[HREF].slice(parts[from], to === undefined ? undefined : parts[to]);
    }

    #set(name, value) {
        this.#parts = host.url.set(this.#parts[HREF], name, `${value}`.toWellFormed());
        if (this.#params) paramsFollow(this.#params, this.search);
    }

    get href() {
        return this.#parts[HREF];
    }

    set href(value) {
        const text = `${value}`;
        const parts = parse(text, undefined);
        if (!parts) throw invalid(text);
        this.#parts = parts;
        if (this.#params) paramsFollow(this.#params, this.search);
    }

    get origin() {
        const scheme = this.#slice(undefined, SCHEME_END);
        if (WITH_ORIGIN.has(scheme)) return `${scheme}://${this.host}`;
        if (scheme !== 'blob') return 'null';
        const inner = parse(this.pathname, undefined)?.[HREF];
        return inner && /^https?:/.test(inner) ? new URL(inner).origin : 'null';
    }

    get protocol() {
        return `${this.#slice(undefined, SCHEME_END)}:`;
    }

    set protocol(value) {
        this.#set('protocol', value);
    }

    get username() {
        return this.#slice(USERNAME_START, USERNAME_END);
    }

    set username(value) {
        this.#set('username', value);
    }

    get password() {
        return this.#slice(PASSWORD_START, PASSWORD_END);
    }

    set password(value) {
        this.#set('password', value);
    }

    get host() {
        return this.#slice(HOST_START, PORT_END);
    }

    set host(value) {
        this.#set('host', value);
    }

    get hostname() {
        return this.#slice(HOST_START, HOST_END);
    }

    set hostname(value) {
        this.#set('hostname', value);
    }

    get port() {
        return this.#slice(PORT_START, PORT_END);
    }

    set port(value) {
        this.#set('port', value);
    }

    get pathname() {
        return this.#slice(PATH_START, PATH_END);
    }

    set pathname(value) {
        this.#set('pathname', value);
    }

    get search() {
        const search = this.#slice(PATH_END, QUERY_END);
        return search === '?' ? '' : search;
    }

    set search(value) {
        this.#set('search', value);
    }

    get searchParams() {
        this.#params ??= paramsOf(this.search, () => {
            this.#parts = host.url.set(this.#parts[HREF], 'search', this.#params.toString());
        });
        return this.#params;
    }

    get hash() {
        const hash = this.#slice(QUERY_END);
        return hash === '#' ? '' : hash;
    }

    set hash(value) {
        this.#set('hash', value);
    }

    toString() {
        return this.href;
    }

    toJSON() {
        return this.href;
    }

    [INSPECT](depth, options, inspect) {
        const fields = {};
        for (const name of NAMES) fields[name] = this[name];
        return show('URL', fields, depth, options, inspect);
    }

    get [Symbol.toStringTag]() {
        return 'URL';
    }
}

for (const name of [...NAMES, 'toString', 'toJSON']) {
    const property = Object.getOwnPropertyDescriptor(URL.prototype, name);
    Object.defineProperty(URL.prototype, name, { ...property, enumerable: true });
}
