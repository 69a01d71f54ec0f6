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
    const s = event.secrets;
    const rows = {};
    const text = event.user.user_id;
    const bytes = Buffer.from(text);
    const { constants } = crypto;
    const open = (name) => crypto.createPublicKey(s[name]);
    // These are the same each time.
    for (const hash of ['RSA-SHA256', 'sha384', 'SHA512']) {
        rows[hash] = crypto.createSign(hash).update(text.slice(0, 3)).update(text.slice(3)).sign(s.rsa, 'base64');
        rows[`${hash} checked`] = [crypto.createVerify(hash).update(text).verify(open('rsa'), rows[hash], 'base64'), crypto.createVerify(hash).update('x').verify(open('rsa'), rows[hash], 'base64'), crypto.createVerify(hash).update(text).verify(s.certificate, rows[hash], 'base64')];
    }
    rows.ed25519 = crypto.sign(null, bytes, s.ed25519).toString('hex');
    rows.edChecked = [crypto.verify(null, bytes, open('ed25519'), Buffer.from(rows.ed25519, 'hex')), crypto.verify(undefined, Buffer.from('x'), open('ed25519'), Buffer.from(rows.ed25519, 'hex'))];
    rows.oneShot = crypto.sign('sha256', bytes, { key: s.rsa, padding: constants.RSA_PKCS1_PADDING }).toString('base64') === rows['RSA-SHA256'];
    rows.later = await new Promise((done) => crypto.sign('sha256', bytes, s.rsa, (error, signature) => done([error, signature.toString('base64') === rows['RSA-SHA256']])));
    // These are not.
    for (const saltLength of [constants.RSA_PSS_SALTLEN_DIGEST, constants.RSA_PSS_SALTLEN_MAX_SIGN, 32, undefined]) {
        const key = { key: s.rsa, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength };
        const signature = crypto.sign('sha256', bytes, key);
        rows[`pss ${saltLength}`] = [signature.length, crypto.verify('sha256', bytes, { ...key, key: open('rsa') }, signature), crypto.verify('sha256', bytes, { key: open('rsa'), padding: key.padding }, signature), crypto.verify('sha256', bytes, open('rsa'), signature)];
    }
    for (const [name, hash, size] of [['p256', 'sha256', 64], ['p384', 'sha384', 96], ['p521', 'sha512', 132], ['k256', 'sha256', 64]]) {
        const der = crypto.createSign(hash).update(text).sign(s[name]);
        const short = crypto.sign(hash, bytes, { key: s[name], dsaEncoding: 'ieee-p1363' });
        rows[name] = [der[0], short.length === size, crypto.verify(hash, bytes, open(name), der), crypto.verify(hash, bytes, { key: open(name), dsaEncoding: 'ieee-p1363' }, short), crypto.verify(hash, bytes, open(name), short), crypto.createVerify(hash).update('x').verify(open(name), der)];
    }
    rows.errors = [
        attempt(() => crypto.createSign('foo')), attempt(() => crypto.createSign()), attempt(() => crypto.createSign('sha256').update('a').sign('x')), attempt(() => crypto.createSign('sha256').update('a').sign()), attempt(() => crypto.createSign('sha256').update(5)),
        attempt(() => crypto.createVerify('sha256').update('a').verify('x', 'y')), attempt(() => crypto.createVerify('sha256').update('a').verify(open('rsa'))), attempt(() => crypto.sign('foo', bytes, s.rsa)), attempt(() => crypto.sign('sha256', bytes, open('rsa'))),
        attempt(() => crypto.sign('sha256', bytes, s.ed25519)), attempt(() => crypto.sign('sha256', bytes)), attempt(() => crypto.verify('sha256', bytes, s.rsa, 'short')), attempt(() => crypto.createSign('sha256').sign(crypto.createSecretKey('a'))),
        attempt(() => crypto.createSign('RSA-SHA256').update('a').sign(event.secrets.NOTHING)), attempt(() => crypto.sign('sha256', bytes, { key: s.p256, dsaEncoding: 'odd' })),
    ];
    api.user.setAppMetadata('rows', rows);
};
