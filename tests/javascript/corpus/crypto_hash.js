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
    const rows = {};
    for (const name of ['md5', 'SHA1', 'sha224', 'sha256', 'RSA-SHA256', 'sha384', 'sha512', 'sha512-256', 'sha3-256', 'ripemd160', 'RSA-SHA512/224']) {
        rows[name] = attempt(() => crypto.createHash(name).update(event.user.email).update(Buffer.from([0, 255])).digest('hex'));
        rows[`hmac ${name}`] = attempt(() => crypto.createHmac(name, 'key').update('é').digest('base64url'));
    }
    const hash = crypto.createHash('sha256').update('a');
    const copy = hash.copy().update('b');
    rows.copies = [hash.digest('hex'), copy.digest('base64'), attempt(() => hash.update('x')), attempt(() => hash.digest()), attempt(() => hash.copy())];
    rows.binary = crypto.createHash('md5').update('ff00', 'hex').digest('latin1').length;
    rows.buffer = crypto.createHash('sha1').update(new Uint16Array([1, 2])).digest();
    rows.isBuffer = Buffer.isBuffer(crypto.createHash('sha1').digest());
    rows.longKey = crypto.createHmac('sha512', 'k'.repeat(300)).update('x'.repeat(5000)).digest('hex');
    rows.keyObject = crypto.createHmac('sha256', crypto.createSecretKey(Buffer.from('key'))).update('x').digest('hex');
    const hmac = crypto.createHmac('sha256', 'k');
    hmac.digest();
    rows.second = hmac.digest('hex');
    rows.errors = [
        attempt(() => crypto.createHash('foo')), attempt(() => crypto.createHash()), attempt(() => crypto.createHash('sha256').update(undefined)),
        attempt(() => crypto.createHash('sha256').update(5)), attempt(() => crypto.createHash('sha256').update({ a: 1 })), attempt(() => crypto.createHmac('foo', 'k')),
        attempt(() => crypto.createHmac('sha256')), attempt(() => crypto.createHmac('sha256', null)), attempt(() => crypto.createHmac(undefined, 'k')),
        attempt(() => crypto.createHmac('sha256', 'k').update(null)), attempt(() => crypto.createHash('sha256').update(event.user.nothing)),
    ];
    rows.equal = [
        crypto.timingSafeEqual(Buffer.from('ab'), Buffer.from('ab')), crypto.timingSafeEqual(Buffer.from('ab'), Buffer.from('ac')),
        attempt(() => crypto.timingSafeEqual(Buffer.from('a'), Buffer.from('ab'))), attempt(() => crypto.timingSafeEqual('a', 'b')),
    ];
    api.user.setAppMetadata('rows', rows);
};
