const { subtle } = globalThis.crypto;
const { createPrivateKey, createPublicKey, KeyObject } = require('crypto');
const text = new TextEncoder().encode('some text to work on');
const hex = (bytes) => Buffer.from(bytes).toString('hex');
const attempt = async (work) => {
    try {
        const result = await work();
        return result instanceof ArrayBuffer ? hex(result) : typeof result === 'object' ? String(result) : result;
    } catch (error) {
        return [error.constructor.name, error.name, error.message, error.code ?? null];
    }
};

async function both(pem, algorithm, ofPrivate, ofPublic) {
    const key = createPrivateKey(pem);
    const mine = await subtle.importKey('pkcs8', key.export({ type: 'pkcs8', format: 'der' }), algorithm, true, ofPrivate);
    const open = await subtle.importKey('spki', createPublicKey(key).export({ type: 'spki', format: 'der' }), algorithm, true, ofPublic);
    return { mine, open };
}

exports.onExecutePostLogin = async (event, api) => {
    const s = event.secrets;
    const rows = {};
    for (const [name, pem, algorithm, how] of [
        ['RS256', s.rsa, { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256' }], ['PS384', s.rsa, { name: 'RSA-PSS', hash: 'SHA-384' }, { name: 'RSA-PSS', saltLength: 48 }],
        ['ES256', s.p256, { name: 'ECDSA', namedCurve: 'P-256' }, { name: 'ECDSA', hash: 'SHA-256' }], ['ES512', s.p521, { name: 'ECDSA', namedCurve: 'P-521' }, { name: 'ECDSA', hash: 'SHA-512' }], ['EdDSA', s.ed25519, 'Ed25519'],
    ]) {
        const { mine, open } = await both(pem, algorithm, ['sign'], ['verify']);
        const signature = await subtle.sign(how ?? algorithm, mine, text);
        const jwk = await subtle.exportKey('jwk', open);
        const again = await subtle.importKey('jwk', jwk, algorithm, true, ['verify']);
        rows[name] = {
            signature: name === 'RS256' || name === 'EdDSA' ? hex(signature) : signature.byteLength,
            verified: [await subtle.verify(how ?? algorithm, open, signature, text), await subtle.verify(how ?? algorithm, again, signature, text), await subtle.verify(how ?? algorithm, open, signature, text.slice(1)), await subtle.verify(how ?? algorithm, open, new Uint8Array(signature.byteLength), text)],
            shown: [mine.type, mine.algorithm.name, open.algorithm.modulusLength ?? null, open.algorithm.hash ?? null, open.usages, KeyObject.from(mine).equals(createPrivateKey(pem))],
            jwk, mine: await subtle.exportKey('jwk', mine), spki: hex(await subtle.exportKey('spki', open)), pkcs8: hex(await subtle.exportKey('pkcs8', mine)) === hex(createPrivateKey(pem).export({ type: 'pkcs8', format: 'der' })),
        };
    }
    const oaep = await both(s.rsa, { name: 'RSA-OAEP', hash: 'SHA-256' }, ['decrypt'], ['encrypt']);
    rows.oaep = Buffer.from(await subtle.decrypt('RSA-OAEP', oaep.mine, await subtle.encrypt({ name: 'RSA-OAEP' }, oaep.open, text))).toString();
    const a = await both(s.p256, { name: 'ECDH', namedCurve: 'P-256' }, ['deriveBits'], []);
    const b = await both(s.p256b, { name: 'ECDH', namedCurve: 'P-256' }, ['deriveBits', 'deriveKey'], []);
    rows.ecdh = [hex(await subtle.deriveBits({ name: 'ECDH', public: b.open }, a.mine, 256)), hex(await subtle.deriveBits({ name: 'ECDH', public: a.open }, b.mine, 128)), hex(await subtle.exportKey('raw', a.open))];
    const made = await subtle.generateKey({ name: 'ECDSA', namedCurve: 'P-384' }, false, ['sign', 'verify']);
    rows.made = [made.privateKey.extractable, made.publicKey.extractable, made.privateKey.usages, made.publicKey.usages, made.publicKey.algorithm, (await subtle.exportKey('raw', made.publicKey)).byteLength];
    const rsa = await subtle.generateKey({ name: 'RSASSA-PKCS1-v1_5', modulusLength: 2048, publicExponent: new Uint8Array([1, 0, 1]), hash: 'SHA-512' }, true, ['sign', 'verify']);
    rows.rsa = [rsa.publicKey.algorithm.modulusLength, hex(rsa.publicKey.algorithm.publicExponent), rsa.publicKey.algorithm.hash, Object.keys(await subtle.exportKey('jwk', rsa.privateKey)).sort()];
    const { mine, open } = await both(s.rsa, { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256' }, ['sign'], ['verify']);
    rows.errors = [];
    for (const work of [
        () => subtle.sign('RSASSA-PKCS1-v1_5', open, text), () => subtle.verify('RSASSA-PKCS1-v1_5', mine, text, text), () => subtle.importKey('spki', new Uint8Array(5), { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256' }, true, ['verify']),
        () => subtle.importKey('pkcs8', new Uint8Array(5), { name: 'ECDSA', namedCurve: 'P-256' }, true, ['sign']), () => subtle.importKey('raw', new Uint8Array(5), { name: 'ECDSA', namedCurve: 'P-256' }, true, ['verify']),
        () => both(s.p384, { name: 'ECDSA', namedCurve: 'P-256' }, ['sign'], ['verify']), () => both(s.p384, { name: 'ECDSA', namedCurve: 'P-1' }, ['sign'], ['verify']), () => both(s.rsa, { name: 'ECDSA', namedCurve: 'P-256' }, ['sign'], ['verify']), () => both(s.rsa, { name: 'RSA-PSS', hash: 'SHA-256' }, ['encrypt'], ['verify']),
        () => both(s.rsa, { name: 'RSA-PSS', hash: 'SHA-256' }, [], ['verify']), () => subtle.exportKey('raw', open), () => subtle.decrypt('RSA-OAEP', oaep.mine, new Uint8Array(256)), () => subtle.encrypt('RSA-OAEP', oaep.open, new Uint8Array(256)),
        () => subtle.generateKey({ name: 'ECDSA', namedCurve: 'P-256' }, true, []), () => subtle.generateKey({ name: 'ECDSA', namedCurve: 'P-256' }, true, ['encrypt']),
    ]) rows.errors.push(await attempt(work));
    api.user.setAppMetadata('rows', rows);
};
