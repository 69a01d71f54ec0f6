/**
 * Hash, Hmac, Cipher and Decipher are streams too. Hardly anybody uses them as such, so they become one only when one
 * of a stream's methods is called: until then they hold no stream state.
 */
import nodeStream from '../node/stream.js';

const METHODS = [
    'on', 'once', 'off', 'addListener', 'removeListener', 'removeAllListeners', 'emit', 'write', 'end', 'read', 'push',
    'pipe', 'unpipe', 'destroy', 'resume', 'pause', 'setEncoding', Symbol.asyncIterator,
];
const inner = new WeakMap();

function streamOf(object) {
    let stream = inner.get(object);
    if (!stream) {
        stream = new nodeStream.Transform({
            transform(chunk, encoding, callback) {
                object._transform(chunk, encoding, callback);
            },
            flush(callback) {
                object._flush(callback);
            },
        });
        inner.set(object, stream);
    }
    return stream;
}

/** Gives a class the methods of a Transform, which hand over to one that is made when it is needed. */
export function lazyTransform(Class) {
    for (const method of METHODS) {
        Object.defineProperty(Class.prototype, method, {
            value(...args) {
                const stream = streamOf(this);
                const result = stream[method](...args);
                return result === stream ? this : result;
            },
            writable: true,
            configurable: true,
        });
    }
}
