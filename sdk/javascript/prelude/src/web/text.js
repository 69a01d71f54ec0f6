/** `TextEncoder`, `TextDecoder`, `atob` and `btoa`. UTF-8 itself is made in Rust. */

import { DOMException, INSPECT, missingArguments, nodeError } from './errors.js';
import { host } from './host.js';

const LABELS = {
    'utf-8': 'unicode-1-1-utf-8 unicode11utf8 unicode20utf8 utf-8 utf8 x-unicode20utf8',
    'utf-16le': 'csunicode iso-10646-ucs-2 ucs-2 unicode unicodefeff utf-16 utf-16le',
    'utf-16be': 'unicodefffe utf-16be',
    'windows-1252':
        'ansi_x3.4-1968 ascii cp1252 cp819 csisolatin1 ibm819 iso-8859-1 iso-ir-100 iso8859-1 iso88591 iso_8859-1 ' +
        'iso_8859-1:1987 l1 latin1 us-ascii windows-1252 x-cp1252',
};
const ENCODINGS = new Map(
    Object.entries(LABELS).flatMap(([name, labels]) => labels.split(' ').map((label) => [label, name])),
);
/** What windows-1252 has at 0x80 to 0x9f. */
const UPPER =
    '\u20ac\u0081\u201a\u0192\u201e\u2026\u2020\u2021\u02c6\u2030\u0160\u2039\u0152\u008d\u017d\u008f' +
    '\u0090\u2018\u2019\u201c\u201d\u2022\u2013\u2014\u02dc\u2122\u0161\u203a\u0153\u009d\u017e\u0178';
/**
 * A text as UTF-8.
 * @param {string} text
 * @returns {Uint8Array}
 */
export function utf8(text) {
    return host.text.encode(text.toWellFormed());
}

/**
 * UTF-8 as text, what is malformed replaced.
 * @param {Uint8Array} bytes
 * @returns {string}
 */
export function fromUtf8(bytes) {
    return host.text.decode(bytes);
}

/** Texts to UTF-8. */
export class TextEncoder {
    get encoding() {
        return 'utf-8';
    }

    encode(input = '') {
        return utf8(`${input}`);
    }

    encodeInto(source, target) {
        const text = `${source}`;
        let read = 0;
        let written = 0;
        for (const character of text) {
            const bytes = utf8(character);
            if (written + bytes.length > target.length) break;
            target.set(bytes, written);
            written += bytes.length;
            read += character.length;
        }
        return { read, written };
    }

    [INSPECT](depth, options, inspect) {
        return inspect({ encoding: 'utf-8' }, options);
    }

    get [Symbol.toStringTag]() {
        return 'TextEncoder';
    }
}

/**
 * The bytes of a buffer or a view.
 * @param {ArrayBuffer | ArrayBufferView} source
 * @returns {Uint8Array | undefined}
 */
export function bytesOf(source) {
    if (source instanceof Uint8Array) return source;
    if (ArrayBuffer.isView(source)) return new Uint8Array(source.buffer, source.byteOffset, source.byteLength);
    const tag = Object.prototype.toString.call(source);
    if (tag === '[object ArrayBuffer]' || tag === '[object SharedArrayBuffer]') return new Uint8Array(source);
    return undefined;
}

/**
 * Puts pieces together.
 * @param {Uint8Array[]} pieces
 * @returns {Uint8Array}
 */
export function concatenate(pieces) {
    if (pieces.length === 1) return pieces[0];
    const whole = new Uint8Array(pieces.reduce((sum, piece) => sum + piece.length, 0));
    let at = 0;
    for (const piece of pieces) {
        whole.set(piece, at);
        at += piece.length;
    }
    return whole;
}

/** Where the last character begins that is not whole yet. */
function wholeUtf8(bytes) {
    const first = Math.max(0, bytes.length - 3);
    for (let at = bytes.length - 1; at >= first; at -= 1) {
        const byte = bytes[at];
        if (byte < 0x80) return bytes.length;
        if (byte >= 0xc0) {
            const length = byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : 2;
            return at + length > bytes.length ? at : bytes.length;
        }
    }
    return bytes.length;
}

function decodeUtf16(bytes, big, fatal) {
    let text = '';
    const end = bytes.length - (bytes.length % 2);
    for (let at = 0; at < end; at += 2) {
        text += String.fromCharCode(big ? (bytes[at] << 8) | bytes[at + 1] : bytes[at] | (bytes[at + 1] << 8));
    }
    const odd = end !== bytes.length;
    if (fatal && (odd || !text.isWellFormed())) return undefined;
    return text.toWellFormed() + (odd ? '\ufffd' : '');
}

function decodeLatin1(bytes) {
    let text = '';
    for (const byte of bytes) text += byte >= 0x80 && byte < 0xa0 ? UPPER[byte - 0x80] : String.fromCharCode(byte);
    return text;
}

/** Bytes to texts. */
export class TextDecoder {
    #encoding;
    #fatal;
    #ignoreBom;
    #rest;
    #begun = false;

    constructor(label = 'utf-8', options = {}) {
        const name = `${label}`.trim().toLowerCase();
        const encoding = ENCODINGS.get(name);
        if (!encoding) {
            throw nodeError(RangeError, 'ERR_ENCODING_NOT_SUPPORTED', `The "${label}" encoding is not supported`);
        }
        this.#encoding = encoding;
        this.#fatal = Boolean(options?.fatal);
        this.#ignoreBom = Boolean(options?.ignoreBOM);
    }

    get encoding() {
        return this.#encoding;
    }

    get fatal() {
        return this.#fatal;
    }

    get ignoreBOM() {
        return this.#ignoreBom;
    }

    decode(input = new Uint8Array(), options = {}) {
        let bytes = bytesOf(input);
        if (!bytes) {
            const text =
                'The "list" argument must be an instance of SharedArrayBuffer, ArrayBuffer or ArrayBufferView.';
            throw nodeError(TypeError, 'ERR_INVALID_ARG_TYPE', text);
        }
        if (this.#rest) bytes = concatenate([this.#rest, bytes]);
        this.#rest = undefined;
        if (options?.stream) {
            const whole = this.#whole(bytes);
            if (whole < bytes.length) this.#rest = bytes.slice(whole);
            bytes = bytes.subarray(0, whole);
        }
        let text = this.#text(bytes);
        if (text === undefined) {
            this.#begun = false;
            const message = `The encoded data was not valid for encoding ${this.#encoding}`;
            throw nodeError(TypeError, 'ERR_ENCODING_INVALID_ENCODED_DATA', message);
        }
        if (!this.#begun && text !== '' && this.#encoding !== 'windows-1252') {
            this.#begun = true;
            if (!this.#ignoreBom && text.charCodeAt(0) === 0xfeff) text = text.slice(1);
        }
        if (!options?.stream) this.#begun = false;
        return text;
    }

    #whole(bytes) {
        if (this.#encoding === 'utf-8') return wholeUtf8(bytes);
        return this.#encoding === 'windows-1252' ? bytes.length : bytes.length - (bytes.length % 2);
    }

    #text(bytes) {
        switch (this.#encoding) {
            case 'utf-8':
                return this.#fatal && !host.text.isUtf8(bytes) ? undefined : fromUtf8(bytes);
            case 'windows-1252':
                return decodeLatin1(bytes);
            default:
                return decodeUtf16(bytes, this.#encoding === 'utf-16be', this.#fatal);
        }
    }

    get [Symbol.toStringTag]() {
        return 'TextDecoder';
    }
}

function invalid(message = 'Invalid character') {
    return new DOMException(message, 'InvalidCharacterError');
}

/** Base64 to a text of bytes. */
export function atob(input) {
    if (arguments.length === 0) throw missingArguments('input');
    const letters = `${input}`.replace(/[\t\n\f\r ]+/g, '');
    const body = letters.length % 4 === 0 ? letters.replace(/={1,2}$/, '') : letters;
    if (/[^A-Za-z0-9+/]/.test(body)) throw invalid();
    if (body.length % 4 === 1) throw invalid('The string to be decoded is not correctly encoded.');
    return host.text.atob(body);
}

/** A text of bytes to Base64. */
export function btoa(input) {
    if (arguments.length === 0) throw missingArguments('input');
    const base64 = host.text.btoa(`${input}`.toWellFormed());
    if (base64 === undefined) throw invalid();
    return base64;
}
