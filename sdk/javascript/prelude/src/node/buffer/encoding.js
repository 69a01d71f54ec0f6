/**
 * Text to bytes and back, in the encodings of Buffer. What costs much on long
 * input goes through natives of the engine where there are some (`useNatives`).
 */

const natives = {
    utf8Encode: undefined, utf8Decode: undefined, base64Encode: undefined, base64Decode: undefined, hexEncode: undefined,
};
/** Text shorter than this is not worth the way to a native. */
const FEW = 24;

/** Takes the engine's natives, if it has them. */
export function useNatives(table) {
    for (const name of Object.keys(natives)) {
        if (typeof table?.[name] === 'function') natives[name] = table[name];
    }
}

const CHUNK = 4096;
const fromCodes = String.fromCharCode;

/** Bytes as characters of the same number, `mask` taken off. */
function fromBytes(bytes, mask) {
    let out = '';
    for (let at = 0; at < bytes.length; at += CHUNK) {
        let part = bytes.subarray(at, at + CHUNK);
        if (mask !== 0xff) part = Uint8Array.prototype.map.call(part, (b) => b & mask);
        out += fromCodes.apply(null, part);
    }
    return out;
}

/** UTF-8 with U+FFFD for each maximal ill-formed part (WHATWG, as Node). */
export function utf8Decode(bytes) {
    if (natives.utf8Decode && bytes.length >= FEW) return natives.utf8Decode(bytes);
    const units = [];
    let out = '';
    let at = 0;
    const end = bytes.length;
    while (at < end) {
        const first = bytes[at++];
        let point = first;
        if (first >= 0x80) {
            let more = 0;
            let low = 0x80;
            let high = 0xbf;
            if (first >= 0xc2 && first <= 0xdf) { more = 1; point = first & 0x1f; }
            else if (first >= 0xe0 && first <= 0xef) {
                more = 2; point = first & 0xf;
                if (first === 0xe0) low = 0xa0;
                if (first === 0xed) high = 0x9f;
            } else if (first >= 0xf0 && first <= 0xf4) {
                more = 3; point = first & 0x7;
                if (first === 0xf0) low = 0x90;
                if (first === 0xf4) high = 0x8f;
            } else point = 0xfffd;
            for (; more > 0; more--) {
                const next = bytes[at];
                if (at >= end || next < low || next > high) { point = 0xfffd; break; }
                point = (point << 6) | (next & 0x3f);
                low = 0x80; high = 0xbf; at++;
            }
        }
        if (point > 0xffff) {
            point -= 0x10000;
            units.push(0xd800 | (point >> 10), 0xdc00 | (point & 0x3ff));
        } else units.push(point);
        if (units.length >= CHUNK) { out += fromCodes.apply(null, units); units.length = 0; }
    }
    return out + fromCodes.apply(null, units);
}

/** How many bytes a text has in UTF-8, lone surrogates counted as U+FFFD. */
export function utf8Length(text) {
    let bytes = text.length;
    for (let i = 0; i < text.length; i++) {
        const unit = text.charCodeAt(i);
        if (unit < 0x80) continue;
        if (unit < 0x800) bytes += 1;
        else if (unit >= 0xd800 && unit <= 0xdbff && (text.charCodeAt(i + 1) & 0xfc00) === 0xdc00) {
            bytes += 2; i++;
        } else bytes += 2;
    }
    return bytes;
}

function utf8Into(text, into, start, limit) {
    let at = start;
    for (let i = 0; i < text.length; i++) {
        let point = text.charCodeAt(i);
        if (point < 0x80) {
            if (at >= limit) break;
            into[at++] = point;
            continue;
        }
        if ((point & 0xf800) === 0xd800) {
            const next = text.charCodeAt(i + 1);
            if (point < 0xdc00 && (next & 0xfc00) === 0xdc00) {
                point = 0x10000 + ((point & 0x3ff) << 10) + (next & 0x3ff); i++;
            } else point = 0xfffd;
        }
        if (point < 0x800) {
            if (at + 2 > limit) break;
            into[at++] = 0xc0 | (point >> 6);
        } else if (point < 0x10000) {
            if (at + 3 > limit) break;
            into[at++] = 0xe0 | (point >> 12);
            into[at++] = 0x80 | ((point >> 6) & 0x3f);
        } else {
            if (at + 4 > limit) break;
            into[at++] = 0xf0 | (point >> 18);
            into[at++] = 0x80 | ((point >> 12) & 0x3f);
            into[at++] = 0x80 | ((point >> 6) & 0x3f);
        }
        into[at++] = 0x80 | (point & 0x3f);
    }
    return at - start;
}

const STANDARD = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';
const URL_SAFE = `${STANDARD.slice(0, 62)}-_`;
const SIXES = new Int8Array(256).fill(-1);
for (let i = 0; i < 64; i++) SIXES[STANDARD.charCodeAt(i)] = i;
SIXES[45] = 62;
SIXES[95] = 63;

function base64Encode(bytes, alphabet, pad) {
    if (natives.base64Encode && bytes.length >= FEW) return natives.base64Encode(bytes, alphabet === URL_SAFE);
    const parts = [];
    let out = '';
    const whole = bytes.length - (bytes.length % 3);
    for (let i = 0; i < whole; i += 3) {
        const n = (bytes[i] << 16) | (bytes[i + 1] << 8) | bytes[i + 2];
        out += alphabet[n >> 18] + alphabet[(n >> 12) & 63] + alphabet[(n >> 6) & 63] + alphabet[n & 63];
        if (out.length > CHUNK) { parts.push(out); out = ''; }
    }
    const left = bytes.length - whole;
    if (left === 1) {
        const n = bytes[whole] << 4;
        out += alphabet[n >> 6] + alphabet[n & 63] + (pad ? '==' : '');
    } else if (left === 2) {
        const n = ((bytes[whole] << 8) | bytes[whole + 1]) << 2;
        out += alphabet[n >> 12] + alphabet[(n >> 6) & 63] + alphabet[n & 63] + (pad ? '=' : '');
    }
    parts.push(out);
    return parts.join('');
}

/** Base64 of either alphabet; what is not of it is passed over, "=" ends. */
function base64Into(text, into, start, limit) {
    let at = start;
    let bits = 0;
    let held = 0;
    for (let i = 0; i < text.length; i++) {
        const code = text.charCodeAt(i) & 0xff; // Node too looks at no more
        if (code === 61) break;
        const six = SIXES[code];
        if (six < 0) continue;
        held = (held << 6) | six;
        bits += 6;
        if (bits >= 8) {
            bits -= 8;
            if (at >= limit) break;
            into[at++] = (held >> bits) & 0xff;
            held &= (1 << bits) - 1;
        }
    }
    return at - start;
}

/** The length Node reserves for base64: from the text's length alone. */
function base64Length(text) {
    let length = text.length;
    if (text.charCodeAt(length - 1) === 61) length--;
    if (length > 1 && text.charCodeAt(length - 1) === 61) length--;
    return (length * 3) >>> 2;
}

const HEX = Array.from({ length: 256 }, (_, i) => (i < 16 ? '0' : '') + i.toString(16));

function hexEncode(bytes) {
    if (natives.hexEncode && bytes.length >= FEW) return natives.hexEncode(bytes);
    const parts = new Array(bytes.length);
    for (let i = 0; i < bytes.length; i++) parts[i] = HEX[bytes[i]];
    return parts.join('');
}

function hexDigit(unit) {
    const code = unit & 0xff;
    if (code >= 48 && code <= 57) return code - 48;
    const lower = code | 32;
    return lower >= 97 && lower <= 102 ? lower - 87 : -1;
}

function hexInto(text, into, start, limit) {
    const count = Math.min(limit - start, text.length >>> 1);
    for (let i = 0; i < count; i++) {
        const high = hexDigit(text.charCodeAt(i * 2));
        const low = hexDigit(text.charCodeAt(i * 2 + 1));
        if (high < 0 || low < 0) return i;
        into[start + i] = (high << 4) | low;
    }
    return count;
}

function latin1Into(text, into, start, limit) {
    const count = Math.min(limit - start, text.length);
    for (let i = 0; i < count; i++) into[start + i] = text.charCodeAt(i);
    return count;
}

function utf16Into(text, into, start, limit) {
    const count = Math.min((limit - start) >>> 1, text.length);
    for (let i = 0; i < count; i++) {
        const unit = text.charCodeAt(i);
        into[start + i * 2] = unit & 0xff;
        into[start + i * 2 + 1] = unit >> 8;
    }
    return count * 2;
}

function utf16Decode(bytes) {
    let out = '';
    const units = [];
    for (let i = 0; i + 1 < bytes.length; i += 2) {
        units.push(bytes[i] | (bytes[i + 1] << 8));
        if (units.length >= CHUNK) { out += fromCodes.apply(null, units); units.length = 0; }
    }
    return out + fromCodes.apply(null, units);
}

const utf8 = { name: 'utf8', length: utf8Length, write: utf8Into, read: utf8Decode };
const utf16le = { name: 'utf16le', length: (t) => t.length * 2, write: utf16Into, read: utf16Decode };
const latin1 = { name: 'latin1', length: (t) => t.length, write: latin1Into, read: (b) => fromBytes(b, 0xff) };
const ascii = { name: 'ascii', length: (t) => t.length, write: latin1Into, read: (b) => fromBytes(b, 0x7f) };
const base64 = {
    name: 'base64', length: base64Length, write: base64Into, read: (b) => base64Encode(b, STANDARD, true),
};
const base64url = {
    name: 'base64url', length: base64Length, write: base64Into, read: (b) => base64Encode(b, URL_SAFE, false),
};
const hex = { name: 'hex', length: (t) => t.length >>> 1, write: hexInto, read: hexEncode };

/** Encodings by their names in lower case. */
const BY_NAME = {
    __proto__: null,
    utf8, 'utf-8': utf8, ucs2: utf16le, 'ucs-2': utf16le, utf16le, 'utf-16le': utf16le,
    latin1, binary: latin1, ascii, base64, base64url, hex,
};

/** The encoding of a name in any case, or undefined. */
export function encodingOf(name) {
    return BY_NAME[name] ?? BY_NAME[`${name}`.toLowerCase()];
}

/** A fresh Uint8Array with a text's bytes, exactly as long as they are. */
export function encode(text, encoding) {
    if (encoding === utf8 && natives.utf8Encode) return natives.utf8Encode(text.toWellFormed());
    if ((encoding === base64 || encoding === base64url) && natives.base64Decode && text.length >= FEW) {
        // Undefined for what is not quite base64: then each character is looked at.
        const decoded = natives.base64Decode(text);
        if (decoded !== undefined) return decoded;
    }
    const bytes = new Uint8Array(encoding.length(text));
    const written = encoding.write(text, bytes, 0, bytes.length);
    return written === bytes.length ? bytes : bytes.slice(0, written);
}

export { utf8 };
