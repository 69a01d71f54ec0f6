/**
 * Hash, Hmac, Cipher and Decipher are streams too. Hardly anybody uses them as such, so they become one only when one
 * of a stream's methods is called: until then they hold no stream state.
 */
const METHODS = [
    'on', 'once', 'off', 'addListener', 'removeListener', 'removeAllListeners', 'emit', 'write', 'end', 'read', 'push',
    'pipe', 'unpipe', 'destroy', 'resume', 'pause', 'setEncoding', Symbol.asyncIterator,
];
const inner = new WeakMap();

function streamOf(object, streamModule) {
    let stream = inner.get(object);
    if (!stream) {
        const { Transform } = streamModule();
        stream = new Transform({
            transform(chunk, encoding, callback) {
                object._transform.call(target(object, stream), chunk, encoding, callback);
            },
            flush(callback) {
                object._flush.call(target(object, stream), callback);
            },
        });
        inner.set(object, stream);
    }
    return stream;
}

/** The object itself, whose `push` is the stream's by then. */
const target = (object) => object;

/** Gives a class the methods of a Transform, which hand over to one that is made when it is needed. */
export function lazyTransform(Class, streamModule) {
    for (const method of METHODS) {
        Object.defineProperty(Class.prototype, method, {
            value(...args) {
                const stream = streamOf(this, streamModule);
                const result = stream[method](...args);
                return result === stream ? this : result;
            },
            writable: true,
            configurable: true,
        });
    }
}
