const { subtle } = globalThis.crypto;
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
const raw = (bytes, algorithm, usages, extractable = true) => subtle.importKey('raw', bytes, algorithm, extractable, usages);

exports.onExecutePostLogin = async (event, api) => {
    const rows = {};
    for (const name of ['SHA-1', 'sha-256', { name: 'SHA-384' }, 'SHA-512']) rows[JSON.stringify(name)] = hex(await subtle.digest(name, text));
    const hmac = await raw(Buffer.from('key'), { name: 'HMAC', hash: 'SHA-256' }, ['verify', 'sign']);
    const tag = await subtle.sign('HMAC', hmac, text);
    rows.hmac = [hex(tag), await subtle.verify('HMAC', hmac, tag, text), await subtle.verify('HMAC', hmac, tag, text.slice(1)), hmac.algorithm, hmac.usages, hmac.type, hmac.extractable, await subtle.exportKey('jwk', hmac)];
    const key = Buffer.alloc(32, 5);
    const both = ['encrypt', 'decrypt'];
    for (const algorithm of [
        { name: 'AES-GCM', iv: Buffer.alloc(12, 1) }, { name: 'AES-GCM', iv: Buffer.alloc(16, 1), additionalData: text, tagLength: 96 },
        { name: 'AES-CBC', iv: Buffer.alloc(16, 2) }, { name: 'AES-CTR', counter: Buffer.alloc(16, 3), length: 64 },
    ]) {
        const aes = await raw(key, algorithm.name, both);
        const sealed = await subtle.encrypt(algorithm, aes, text);
        rows[`${algorithm.name} ${algorithm.tagLength}`] = [hex(sealed), Buffer.from(await subtle.decrypt(algorithm, aes, sealed)).toString(), aes.algorithm];
    }
    const password = await raw(Buffer.from('password'), 'PBKDF2', ['deriveBits', 'deriveKey'], false);
    const pbkdf2 = { name: 'PBKDF2', hash: 'SHA-256', salt: Buffer.from('salt'), iterations: 1000 };
    rows.pbkdf2 = hex(await subtle.deriveBits(pbkdf2, password, 256));
    const derived = await subtle.deriveKey(pbkdf2, password, { name: 'AES-GCM', length: 128 }, true, both);
    rows.derived = [hex(await subtle.exportKey('raw', derived)), derived.algorithm];
    const hkdf = await raw(Buffer.from('ikm'), 'HKDF', ['deriveBits', 'deriveKey'], false);
    const withInfo = { name: 'HKDF', hash: 'SHA-512', salt: new Uint8Array(), info: text };
    rows.hkdf = hex(await subtle.deriveBits(withInfo, hkdf, 512));
    rows.hkdfKey = hex(await subtle.exportKey('raw', await subtle.deriveKey(withInfo, hkdf, { name: 'HMAC', hash: 'SHA-1' }, true, ['sign'])));
    const wrapping = await raw(key, 'AES-KW', ['wrapKey', 'unwrapKey']);
    const wrapped = await subtle.wrapKey('raw', derived, wrapping, 'AES-KW');
    rows.wrapped = [hex(wrapped), hex(await subtle.exportKey('raw', await subtle.unwrapKey('raw', wrapped, wrapping, 'AES-KW', 'AES-CBC', true, both)))];
    const made = await subtle.generateKey({ name: 'HMAC', hash: 'SHA-512' }, false, ['sign']);
    rows.made = [made.algorithm, (await subtle.generateKey({ name: 'AES-CBC', length: 192 }, true, both)).algorithm];
    const gcm = await raw(key, 'AES-GCM', ['decrypt'], false);
    const cbc = await raw(key, 'AES-CBC', both, false);
    rows.errors = [];
    for (const work of [
        () => subtle.digest('foo', text), () => subtle.digest(), () => subtle.digest('SHA-256', 'abc'), () => subtle.digest('SHA-256'), () => raw(new Uint8Array(5), 'AES-GCM', ['encrypt']),
        () => raw(key, 'AES-GCM', []), () => raw(key, 'AES-GCM', ['sign']), () => subtle.importKey('foo', key, 'AES-GCM', true, both), () => raw(key, 'FOO', both), () => raw(key, { name: 'HMAC' }, ['sign']),
        () => raw(new Uint8Array(0), { name: 'HMAC', hash: 'SHA-256' }, ['sign']), () => subtle.importKey('jwk', { kty: 'oct' }, { name: 'HMAC', hash: 'SHA-256' }, true, ['sign']), () => subtle.exportKey('raw', gcm),
        () => subtle.encrypt({ name: 'AES-GCM', iv: key }, gcm, text), () => subtle.sign('HMAC', gcm, text), () => subtle.encrypt({ name: 'AES-GCM' }, gcm, text), () => subtle.decrypt({ name: 'AES-GCM', iv: key }, gcm, text),
        () => subtle.decrypt({ name: 'AES-GCM', iv: key }, gcm, new Uint8Array(2)), () => subtle.decrypt({ name: 'AES-CBC', iv: new Uint8Array(16) }, cbc, new Uint8Array(20)), () => subtle.decrypt({ name: 'AES-CBC', iv: new Uint8Array(12) }, cbc, text),
        () => subtle.generateKey({ name: 'AES-GCM', length: 100 }, true, both), () => subtle.generateKey({ name: 'AES-GCM', length: 128 }, true, []), () => subtle.deriveBits({ ...pbkdf2, iterations: 0 }, password, 256), () => subtle.deriveBits(pbkdf2, password, 255),
        () => subtle.deriveBits(pbkdf2, password, null), () => raw(key, 'PBKDF2', ['deriveBits']), () => subtle.digest.call({}, 'SHA-256', text), () => subtle.sign('HMAC', {}, text), () => subtle.sign('HMAC', hmac), () => new CryptoKey(), () => new Crypto(),
    ]) rows.errors.push(await attempt(work));
    api.user.setAppMetadata('rows', rows);
};
