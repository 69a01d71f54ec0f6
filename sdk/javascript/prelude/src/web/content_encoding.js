/** Bodies that a server compressed although it was not asked to. */

import { host } from './host.js';

/** What one body may come to, bytes. */
const MOST = 32 * 1024 * 1024;

/** Where the data begin after the head of gzip. */
function afterGzipHead(bytes) {
    if (bytes[0] !== 0x1f || bytes[1] !== 0x8b) return -1;
    const flags = bytes[3];
    let at = 10;
    if (flags & 4) at += 2 + bytes[at] + (bytes[at + 1] << 8);
    if (flags & 8) at = bytes.indexOf(0, at) + 1;
    if (flags & 16) at = bytes.indexOf(0, at) + 1;
    if (flags & 2) at += 2;
    return at;
}

function undone(coding, bytes) {
    switch (coding) {
        case 'gzip':
        case 'x-gzip': {
            const at = afterGzipHead(bytes);
            return at < 0 ? { status: 'bad' } : host.zlib.inflate(bytes.subarray(at), MOST);
        }
        case 'deflate': {
            // Some servers leave the head out.
            const hasHead = (bytes[0] & 0x0f) === 8 && ((bytes[0] << 8) | bytes[1]) % 31 === 0;
            return host.zlib.inflate(hasHead ? bytes.subarray(2) : bytes, MOST);
        }
        case 'br':
            return host.zlib.brotli(bytes, MOST);
        default:
            return undefined;
    }
}

/**
 * Undoes the codings of a body.
 * @param {string | null} codings - the header `content-encoding`
 * @param {Uint8Array} bytes
 * @returns {Uint8Array}
 */
export function decodeContent(codings, bytes) {
    let plain = bytes;
    for (const coding of (codings ?? '').toLowerCase().split(',').reverse()) {
        const made = plain.length > 0 ? undone(coding.trim(), plain) : undefined;
        if (made === undefined) continue;
        if (made.status !== 'done') throw new TypeError('terminated');
        plain = made.bytes;
    }
    return plain;
}
