const crypto = require('crypto');
const { promisify } = require('util');
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
    const hex = (bytes) => Buffer.from(bytes).toString('hex');
    const rows = {
        pbkdf2: [crypto.pbkdf2Sync('password', 'salt', 1000, 32, 'sha256'), crypto.pbkdf2Sync('', '', 1, 100, 'sha512'), await promisify(crypto.pbkdf2)('p', Buffer.from('s'), 10, 20, 'sha1')].map(hex),
        scrypt: [crypto.scryptSync('password', 'salt', 64), crypto.scryptSync('p', 's', 10, { N: 1024, r: 1, p: 2 }), await promisify(crypto.scrypt)('p', 's', 16)].map(hex),
        hkdf: [crypto.hkdfSync('sha256', 'key', 'salt', 'info', 100), crypto.hkdfSync('sha512', Buffer.alloc(3), '', '', 0), await promisify(crypto.hkdf)('sha1', 'k', 's', 'i', 42)].map(hex),
        callback: await new Promise((done) => crypto.pbkdf2('a', 'b', 2, 8, 'sha384', (error, key) => done([error, key.toString('hex')]))),
    };
    rows.errors = [
        attempt(() => crypto.pbkdf2Sync('a', 'b', 0, 1, 'sha1')), attempt(() => crypto.pbkdf2Sync('a', 'b', 1, 1, 'foo')), attempt(() => crypto.pbkdf2Sync('a', 'b', 1, 1)),
        attempt(() => crypto.pbkdf2Sync(undefined, 'b', 1, 1, 'sha1')), attempt(() => crypto.pbkdf2('a', 'b', 1, 1, 'sha1')), attempt(() => crypto.pbkdf2Sync('a', 'b', 1, -1, 'sha1')), attempt(() => crypto.pbkdf2Sync('a', 'b', 1.5, 1, 'sha1')), attempt(() => crypto.pbkdf2Sync('a', 'b', '1', 1, 'sha1')),
        attempt(() => crypto.scryptSync('a', 'b', 1, { N: 3 })), attempt(() => crypto.scryptSync('a', 'b', 1, { N: 2 ** 20 })), attempt(() => crypto.scryptSync('a', undefined, 1)),
        attempt(() => crypto.hkdfSync('sha256', 'a', 'b', 'c', 10000)), attempt(() => crypto.hkdfSync('foo', 'a', 'b', 'c', 10)),
    ];
    api.user.setAppMetadata('rows', rows);
};
