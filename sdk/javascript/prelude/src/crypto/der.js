/** DER, as much of it as keys need, and PEM. */
import { Buffer } from '../node/buffer/index.js';
import { joined, viewOf } from './backend.js';

export const INTEGER = 0x02;
export const BIT_STRING = 0x03;
export const OCTET_STRING = 0x04;
export const NULL = 0x05;
export const OID = 0x06;
export const SEQUENCE = 0x30;
/** `[n]`, constructed. */
export const context = (n) => 0xa0 | n;

/** What is no DER, or not the DER that was expected. */
export class BadDer extends Error {}

/** Reads one value after the other. */
export class Reader {
    #bytes;
    #at = 0;

    constructor(bytes) {
        this.#bytes = bytes;
    }

    get done() {
        return this.#at >= this.#bytes.length;
    }

    /** The tag of the next value; 0 at the end. */
    get tag() {
        return this.#bytes[this.#at] ?? 0;
    }

    /** The content of the next value, which must have this tag. */
    next(tag) {
        return this.#take(tag).content;
    }

    /** The next value with its tag and length. */
    whole(tag) {
        return this.#take(tag).whole;
    }

    /** A reader of what is in the next value. */
    inside(tag = SEQUENCE) {
        return new Reader(this.next(tag));
    }

    /** The next value when it has this tag, otherwise undefined. */
    optional(tag) {
        return this.tag === tag ? this.next(tag) : undefined;
    }

    /** A whole number without leading zeros. */
    number() {
        return trimmed(this.next(INTEGER));
    }

    skip() {
        this.next(this.tag);
    }

    #take(tag) {
        const bytes = this.#bytes;
        const start = this.#at;
        if (bytes[start] !== tag) throw new BadDer('wrong tag');
        let at = start + 1;
        let length = bytes[at];
        at += 1;
        if (length === undefined || length === 0x80 || length > 0x84) throw new BadDer('bad length');
        if (length > 0x80) {
            const end = at + (length - 0x80);
            length = 0;
            for (; at < end; at += 1) length = length * 256 + (bytes[at] ?? NaN);
        }
        const end = at + length;
        if (!(end <= bytes.length)) throw new BadDer('too long');
        this.#at = end;
        return { content: bytes.subarray(at, end), whole: bytes.subarray(start, end) };
    }
}

/** Without leading zeros. */
export function trimmed(bytes) {
    let start = 0;
    while (start < bytes.length - 1 && bytes[start] === 0) start += 1;
    return bytes.subarray(start);
}

/** With leading zeros up to a length. */
export function padded(bytes, length) {
    const short = trimmed(bytes);
    if (short.length >= length) return short;
    const out = new Uint8Array(length);
    out.set(short, length - short.length);
    return out;
}

/** A value of a tag and the parts that it is made of. */
export function value(tag, ...parts) {
    const content = joined(parts.length ? parts : [new Uint8Array(0)]);
    const length = [];
    if (content.length < 0x80) {
        length.push(content.length);
    } else {
        for (let rest = content.length; rest > 0; rest = Math.floor(rest / 256)) length.unshift(rest % 256);
        length.unshift(0x80 | length.length);
    }
    return joined([Uint8Array.of(tag, ...length), content]);
}

export const sequence = (...parts) => value(SEQUENCE, ...parts);

/** A number that is not negative. */
export function integer(bytes) {
    const number = trimmed(bytes);
    return number[0] & 0x80 ? value(INTEGER, Uint8Array.of(0), number) : value(INTEGER, number);
}

/** A string of whole bytes. */
export const bitString = (bytes) => value(BIT_STRING, Uint8Array.of(0), bytes);

/** The bytes of a bit string's content. */
export function bits(content) {
    if (content[0] !== 0) throw new BadDer('a part of a byte');
    return content.subarray(1);
}

/** `1.2.840` as DER. */
export function oid(text) {
    const [first, second, ...rest] = text.split('.').map(Number);
    const out = [first * 40 + second];
    for (const part of rest) {
        const digits = [part % 128];
        for (let left = Math.floor(part / 128); left > 0; left = Math.floor(left / 128)) digits.unshift((left % 128) | 0x80);
        out.push(...digits);
    }
    return value(OID, Uint8Array.from(out));
}

/** The content of an object identifier as `1.2.840`. */
export function oidText(content) {
    const parts = [Math.min(2, Math.floor(content[0] / 40))];
    parts.push(content[0] - parts[0] * 40);
    let number = 0;
    for (const byte of content.subarray(1)) {
        number = number * 128 + (byte & 0x7f);
        if (!(byte & 0x80)) {
            parts.push(number);
            number = 0;
        }
    }
    return parts.join('.');
}

/**
 * The first PEM block of a text: `{label, headers, bytes}`, or undefined. Lines matter as they do to OpenSSL: a key whose
 * line breaks were lost is none.
 */
export function readPem(text) {
    const lines = text.split('\n').map((line) => line.trimEnd());
    const first = lines.findIndex((line) => line.startsWith('-----BEGIN ') && line.endsWith('-----'));
    if (first < 0) return undefined;
    const label = lines[first].slice(11, -5);
    const last = lines.indexOf(`-----END ${label}-----`, first + 1);
    if (last < 0) return undefined;
    let body = lines.slice(first + 1, last);
    const headers = {};
    if (body.some((line) => line.includes(':'))) {
        const gap = body.indexOf('');
        for (const line of body.slice(0, gap)) {
            const colon = line.indexOf(':');
            headers[line.slice(0, colon)] = line.slice(colon + 1).trim();
        }
        body = body.slice(gap + 1);
    }
    // Written and read again rather than matched: both are done outside of JavaScript.
    const base64 = body.some((line) => line.startsWith(' ')) ? body.join('').replaceAll(' ', '') : body.join('');
    const bytes = Buffer.from(base64, 'base64');
    if (bytes.toString('base64') !== base64) return undefined;
    return { label, headers, bytes: viewOf(bytes) };
}

/** A PEM block. */
export function writePem(label, bytes, headers = '') {
    const lines = Buffer.from(bytes).toString('base64').replace(/.{64}(?=.)/g, '$&\n');
    return `-----BEGIN ${label}-----\n${headers}${lines}\n-----END ${label}-----\n`;
}
