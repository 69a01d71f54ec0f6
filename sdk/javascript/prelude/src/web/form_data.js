/** `FormData`, and its form on the wire. */

import { Blob, blobBytes, File } from './blob.js';
import { INSPECT, showWhole } from './errors.js';
import { concatenate, fromUtf8, utf8 } from './text.js';

function checkCount(method, given, wanted) {
    if (given >= wanted) return;
    const plural = wanted === 1 ? '' : 's';
    const only = given === 0 ? '0' : `only ${given}`;
    throw new TypeError(`FormData.${method}: ${wanted} argument${plural} required, but ${only} found.`);
}

function entry(method, given, name, value, filename) {
    checkCount(method, given, 2);
    if (given === 3 && !(value instanceof Blob)) {
        throw new TypeError(`Failed to execute '${method}' on 'FormData': parameter 2 is not of type 'Blob'`);
    }
    const key = `${name}`.toWellFormed();
    if (!(value instanceof Blob)) return [key, `${value}`.toWellFormed()];
    if (value instanceof File && filename === undefined) return [key, value];
    const file = filename ?? 'blob';
    return [key, new File([value], `${file}`, { type: value.type, lastModified: value.lastModified })];
}

/** The fields of a form. */
export class FormData {
    #list = [];

    constructor(form = undefined) {
        if (form !== undefined) {
            throw new TypeError('FormData constructor: Argument 1 could not be converted to: undefined.');
        }
    }

    append(name, value, filename = undefined) {
        this.#list.push(entry('append', arguments.length, name, value, filename));
    }

    set(name, value, filename = undefined) {
        const made = entry('set', arguments.length, name, value, filename);
        const at = this.#list.findIndex(([key]) => key === made[0]);
        if (at < 0) this.#list.push(made);
        else this.#list = this.#list.flatMap((old, i) => (i === at ? [made] : old[0] === made[0] ? [] : [old]));
    }

    delete(name) {
        checkCount('delete', arguments.length, 1);
        this.#list = this.#list.filter(([key]) => key !== `${name}`);
    }

    get(name) {
        checkCount('get', arguments.length, 1);
        return this.#list.find(([key]) => key === `${name}`)?.[1] ?? null;
    }

    getAll(name) {
        checkCount('getAll', arguments.length, 1);
        return this.#list.filter(([key]) => key === `${name}`).map(([, value]) => value);
    }

    has(name) {
        checkCount('has', arguments.length, 1);
        return this.#list.some(([key]) => key === `${name}`);
    }

    forEach(callback, thisArg = globalThis) {
        checkCount('forEach', arguments.length, 1);
        if (typeof callback !== 'function') {
            throw new TypeError("Failed to execute 'forEach' on 'FormData': parameter 1 is not of type 'Function'.");
        }
        for (const [name, value] of this) callback.call(thisArg, value, name, this);
    }

    *entries() {
        for (const pair of this.#list) yield [...pair];
    }

    *keys() {
        for (const [name] of this.#list) yield name;
    }

    *values() {
        for (const [, value] of this.#list) yield value;
    }

    [INSPECT](depth, options, inspect) {
        return showWhole('FormData', Object.fromEntries(this.#list), options, inspect);
    }

    get [Symbol.toStringTag]() {
        return 'FormData';
    }
}

Object.defineProperty(FormData.prototype, Symbol.iterator, {
    value: FormData.prototype.entries,
    writable: true,
    configurable: true,
});

const escaped = (text) => text.replace(/\n/g, '%0A').replace(/\r/g, '%0D').replace(/"/g, '%22');
const lines = (text) => text.replace(/\r?\n|\r/g, '\r\n');

/**
 * A form as `multipart/form-data`.
 * @param {FormData} form
 * @returns {{bytes: Uint8Array, type: string}}
 */
export function encodeForm(form) {
    const boundary = `----formdata-undici-0${`${Math.floor(Math.random() * 1e11)}`.padStart(11, '0')}`;
    const pieces = [];
    for (const [name, value] of form) {
        const head = `--${boundary}\r\nContent-Disposition: form-data; name="${escaped(lines(name))}"`;
        if (typeof value === 'string') {
            pieces.push(utf8(`${head}\r\n\r\n${lines(value)}\r\n`));
            continue;
        }
        const type = value.type || 'application/octet-stream';
        pieces.push(utf8(`${head}; filename="${escaped(value.name)}"\r\nContent-Type: ${type}\r\n\r\n`));
        pieces.push(blobBytes(value), utf8('\r\n'));
    }
    pieces.push(utf8(`--${boundary}--\r\n`));
    return { bytes: concatenate(pieces), type: `multipart/form-data; boundary=${boundary}` };
}

/** Where `part` is in `bytes`, from a place on. */
function find(bytes, part, from) {
    for (let at = bytes.indexOf(part[0], from); at >= 0; at = bytes.indexOf(part[0], at + 1)) {
        if (part.every((byte, i) => bytes[at + i] === byte)) return at;
    }
    return -1;
}

function parsePart(form, part) {
    const end = find(part, utf8('\r\n\r\n'), 0);
    if (end < 0) return false;
    const head = fromUtf8(part.subarray(0, end));
    const body = part.subarray(end + 4, part.length - 2);
    const name = /^content-disposition:\s*form-data;.*?\bname="([^"]*)"/im.exec(head)?.[1];
    if (name === undefined) return false;
    const unescape = (text) => text.replace(/%0A/gi, '\n').replace(/%0D/gi, '\r').replace(/%22/g, '"');
    const filename = /\bfilename="([^"]*)"/i.exec(head)?.[1];
    if (filename === undefined) {
        form.append(unescape(name), fromUtf8(body));
        return true;
    }
    const type = /^content-type:\s*(.*)$/im.exec(head)?.[1]?.trim() ?? 'text/plain';
    form.append(unescape(name), new File([body], unescape(filename), { type }));
    return true;
}

/**
 * Reads `multipart/form-data`.
 * @param {Uint8Array} bytes
 * @param {string} boundary
 * @returns {FormData | undefined} nothing when it is malformed
 */
export function decodeForm(bytes, boundary) {
    const form = new FormData();
    const mark = utf8(`--${boundary}`);
    let at = find(bytes, mark, 0);
    if (at < 0) return undefined;
    for (;;) {
        const from = at + mark.length;
        if (bytes[from] === 0x2d && bytes[from + 1] === 0x2d) return form;
        const to = find(bytes, mark, from);
        if (to < 0) return undefined;
        if (!parsePart(form, bytes.subarray(from + 2, to))) return undefined;
        at = to;
    }
}
