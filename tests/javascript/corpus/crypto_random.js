const crypto = require('crypto');
// The result of a call, or how it failed.
const attempt = (work) => {
    try {
        const result = work();
        return Buffer.isBuffer(result) ? result.toString('hex') : result === undefined ? null : result;
    } catch (error) {
        return [error.name, error.message, error.code ?? null, error.library ?? null, error.reason ?? null];
    }
};

exports.onExecutePostLogin = async (event, api) => {
    const uuid = crypto.randomUUID();
    const numbers = Array.from({ length: 200 }, () => crypto.randomInt(3, 6));
    api.user.setAppMetadata('rows', {
        uuid: /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/.test(uuid),
        global: typeof globalThis.crypto.randomUUID(),
        lengths: [crypto.randomBytes(0).length, crypto.randomBytes(33).toString('hex').length, crypto.randomBytes(1.5).length, crypto.randomBytes(70000).length],
        different: crypto.randomBytes(16).equals(crypto.randomBytes(16)),
        ints: [Math.min(...numbers), Math.max(...numbers), new Set(numbers).size],
        filled: crypto.randomFillSync(new Uint32Array(4), 1).length,
        values: crypto.getRandomValues(new Uint8Array(5)).length,
        later: await new Promise((done) => crypto.randomBytes(4, (error, bytes) => done([error, bytes.length]))),
        tag: [Object.prototype.toString.call(globalThis.crypto), Object.prototype.toString.call(globalThis.crypto.subtle), crypto.webcrypto === globalThis.crypto],
        errors: [
            attempt(() => crypto.randomBytes(-1)), attempt(() => crypto.randomBytes('5')), attempt(() => crypto.randomBytes(2 ** 31)), attempt(() => crypto.randomBytes(NaN)), attempt(() => crypto.randomInt(5, 5)), attempt(() => crypto.randomInt('a')),
            attempt(() => crypto.randomInt(0, 2 ** 49)), attempt(() => crypto.randomInt(1.5)), attempt(() => crypto.randomUUID(5)), attempt(() => globalThis.crypto.getRandomValues('a')), attempt(() => globalThis.crypto.getRandomValues(new Float64Array(2))),
            attempt(() => globalThis.crypto.getRandomValues(new Uint8Array(70000))), attempt(() => crypto.getRandomValues()), attempt(() => crypto.randomBytes()),
        ],
    });
};
