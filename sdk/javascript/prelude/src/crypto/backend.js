/**
 * What the crypto of the prelude stands on: pure functions of the engine (hashes, AES, zlib), the run's randomness, and
 * `crypto.*` calls of the host for everything with key pairs and for slow derivations.
 */
import { callSync as hostCallSync, start } from '../host_calls.js';
import { Buffer } from '../node/buffer/index.js';
import { badType, BUFFER_KINDS, coded, unsupported } from './errors.js';

let host;

/** Called once, when the prelude is evaluated. */
export function connect(given) {
    host = given;
}

/** The natives of a topic. */
export const natives = (topic) => host[topic];

/** `n` bytes of the run's randomness. */
export function random(n) {
    const bytes = new Uint8Array(n);
    for (let at = 0; at < n; at += 65536) bytes.set(host.random(Math.min(65536, n - at)), at);
    return bytes;
}

/** Bytes as Node's Buffer, not copied. */
export function buffer(bytes) {
    return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** In an encoding, or as a Buffer when there is none. */
export function encoded(bytes, encoding) {
    const out = buffer(bytes);
    return encoding && encoding !== 'buffer' ? out.toString(encoding) : out;
}

/** A view on the bytes of an ArrayBuffer or a view, or undefined. */
export function viewOf(value) {
    if (value instanceof Uint8Array) return new Uint8Array(value.buffer, value.byteOffset, value.byteLength);
    if (ArrayBuffer.isView(value)) return new Uint8Array(value.buffer, value.byteOffset, value.byteLength);
    const tag = Object.prototype.toString.call(value);
    if (tag === '[object ArrayBuffer]' || tag === '[object SharedArrayBuffer]') return new Uint8Array(value);
    return undefined;
}

/** The bytes of a string or of any buffer, for arguments that may be an ArrayBuffer. */
export function bytesOf(value, name, encoding, kinds = BUFFER_KINDS) {
    if (typeof value === 'string') return viewOf(Buffer.from(value, encoding === 'buffer' ? 'utf8' : encoding));
    const view = viewOf(value);
    if (!view) throw badType(name, `of type string or an instance of ${kinds}`, value);
    return view;
}

/** The same for those that may not: what `update` takes. */
export function dataOf(value, name, encoding) {
    if (typeof value === 'string') return viewOf(Buffer.from(value, encoding === 'buffer' ? 'utf8' : encoding));
    if (!ArrayBuffer.isView(value)) {
        throw badType(name, 'of type string or an instance of Buffer, TypedArray, or DataView', value);
    }
    return viewOf(value);
}

export function joined(chunks) {
    if (chunks.length === 1) return chunks[0];
    let length = 0;
    for (const chunk of chunks) length += chunk.length;
    const all = new Uint8Array(length);
    let at = 0;
    for (const chunk of chunks) {
        all.set(chunk, at);
        at += chunk.length;
    }
    return all;
}

export const base64 = (bytes) => buffer(bytes).toString('base64');
export const fromBase64 = (text) => viewOf(Buffer.from(text, 'base64'));

/** What an answer of the host says, or its error. */
function read(answer) {
    if (!answer.error) return answer;
    const { code, message } = answer.error;
    if (code === 'unsupported') throw unsupported(message);
    throw coded(Error, undefined, message, { hostCode: code });
}

/** A `crypto.*` call whose answer is waited for. */
export const callSync = (call) => read(hostCallSync(call));

/** The same as a promise. */
export const call = (call) => start(call).then(read);
