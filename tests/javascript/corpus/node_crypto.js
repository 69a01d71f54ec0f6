const crypto = require('crypto');
exports.onExecutePostLogin = async (event, api) => {
    const secret = event.secrets.SIGNING_SECRET;
    const out = [];
    for (const name of ['md5', 'sha1', 'sha256', 'sha384', 'sha512']) out.push(crypto.createHash(name).update('héllo').update(Buffer.from([0, 255])).digest('hex'));
    out.push(crypto.createHmac('sha256', secret).update(event.user.user_id).digest('base64'), crypto.createHash('sha256').update('').digest().length);
    out.push(crypto.timingSafeEqual(Buffer.from('a'), Buffer.from('a')), crypto.randomBytes(16).length, /^[0-9a-f-]{36}$/.test(crypto.randomUUID()), crypto.randomInt(5) < 5);
    out.push(crypto.pbkdf2Sync('pw', 'salt', 1000, 32, 'sha256').toString('hex'), Buffer.from(crypto.hkdfSync('sha256', 'key', 'salt', 'info', 16)).toString('hex'), crypto.scryptSync('pw', 'salt', 16, { N: 1024 }).toString('hex'));
    const key = crypto.createHash('sha256').update(secret).digest();
    const cipher = crypto.createCipheriv('aes-256-gcm', key, Buffer.alloc(12, 1)); const sealed = Buffer.concat([cipher.update('quiet', 'utf8'), cipher.final()]); out.push(sealed.toString('hex'), cipher.getAuthTag().toString('hex'));
    const decipher = crypto.createDecipheriv('aes-256-gcm', key, Buffer.alloc(12, 1)); decipher.setAuthTag(cipher.getAuthTag()); out.push(decipher.update(sealed, null, 'utf8') + decipher.final('utf8'));
    const cbc = crypto.createCipheriv('aes-128-cbc', key.subarray(0, 16), Buffer.alloc(16)); out.push(cbc.update('block text', 'utf8', 'base64') + cbc.final('base64'));
    const digest = await crypto.subtle.digest('SHA-256', new TextEncoder().encode('web')); out.push(Buffer.from(digest).toString('hex'));
    const mac = await crypto.webcrypto.subtle.importKey('raw', key, { name: 'HMAC', hash: 'SHA-256' }, false, ['sign']); out.push(Buffer.from(await crypto.subtle.sign('HMAC', mac, Buffer.from('x'))).toString('hex'));
    out.push(globalThis.crypto.getRandomValues(new Uint8Array(4)).length, typeof globalThis.crypto.randomUUID());
    for (const wrong of [() => crypto.createHash('nope'), () => crypto.createHash('sha256').update(5), () => crypto.timingSafeEqual(Buffer.from('a'), Buffer.from('ab')), () => crypto.createHmac('sha256'), () => crypto.createCipheriv('aes-256-gcm', Buffer.alloc(5), Buffer.alloc(12))]) {
        try { wrong(); out.push('ok'); } catch (error) { out.push([error.name, error.code, error.message]); }
    }
    api.user.setAppMetadata('out', out);
};
