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
    const text = `${event.user.email} – ${'x'.repeat(50)}`;
    for (const bits of [128, 192, 256]) {
        for (const mode of ['cbc', 'ecb', 'ctr', 'gcm']) {
            const name = `aes-${bits}-${mode}`;
            const key = Buffer.alloc(bits / 8, bits);
            const iv = mode === 'ecb' ? null : Buffer.alloc(mode === 'gcm' ? 12 : 16, 7);
            const cipher = crypto.createCipheriv(name, key, iv);
            if (mode === 'gcm') cipher.setAAD(Buffer.from('more'));
            const parts = [cipher.update(text.slice(0, 5), 'utf8', 'hex'), cipher.update(text.slice(5, 40), 'utf8', 'hex'), cipher.update(text.slice(40), 'utf8', 'hex'), cipher.final('hex')];
            rows[name] = parts;
            const decipher = crypto.createDecipheriv(name.toUpperCase(), key, iv);
            if (mode === 'gcm') {
                rows[`${name} tag`] = cipher.getAuthTag().toString('hex');
                decipher.setAAD(Buffer.from('more'));
                decipher.setAuthTag(cipher.getAuthTag());
            }
            rows[`${name} back`] = decipher.update(parts.join(''), 'hex', 'utf8') + decipher.final('utf8');
        }
    }
    const key = Buffer.alloc(32, 1);
    const iv = Buffer.alloc(16, 2);
    const enc = (data) => { const c = crypto.createCipheriv('aes-256-cbc', key, iv); return Buffer.concat([c.update(data), c.final()]); };
    const dec = (data, k = key) => { const d = crypto.createDecipheriv('aes-256-cbc', k, iv); return Buffer.concat([d.update(data), d.final()]); };
    rows.sizes = [0, 1, 15, 16, 17, 32].map((n) => enc(Buffer.alloc(n, 9)).toString('base64'));
    rows.longIv = (() => { const c = crypto.createCipheriv('aes-256-gcm', key, Buffer.alloc(16, 255)); return [c.update('a'.repeat(40), 'utf8', 'hex'), c.final('hex'), c.getAuthTag().toString('hex')]; })();
    rows.shortTag = (() => { const c = crypto.createCipheriv('aes-256-gcm', key, iv, { authTagLength: 12 }); c.update('abc'); c.final(); return c.getAuthTag().toString('hex'); })();
    const gcm = () => crypto.createDecipheriv('aes-256-gcm', key, Buffer.alloc(12));
    rows.errors = [
        attempt(() => dec(enc('abc'), Buffer.alloc(32, 3))), attempt(() => dec(Buffer.alloc(15))), attempt(() => dec(Buffer.alloc(0))), attempt(() => dec('')),
        attempt(() => crypto.createCipheriv('foo', key, iv)), attempt(() => crypto.createCipheriv('aes-256-cbc', Buffer.alloc(16), iv)),
        attempt(() => crypto.createCipheriv('aes-256-cbc', key, Buffer.alloc(12))), attempt(() => crypto.createCipheriv('aes-256-cbc', key, null)),
        attempt(() => crypto.createCipheriv('aes-256-cbc', key)), attempt(() => crypto.createCipheriv('aes-256-cbc', undefined, iv)), attempt(() => crypto.createCipheriv()),
        attempt(() => crypto.createCipheriv('aes-256-cbc', event.secrets.NOTHING, iv)), attempt(() => crypto.createCipheriv('aes-256-cbc', key, iv).update(undefined)),
        attempt(() => { const d = gcm(); d.setAuthTag(Buffer.alloc(16)); d.update('abc'); return d.final(); }), attempt(() => { const d = gcm(); d.update('abc'); return d.final(); }),
        attempt(() => gcm().setAuthTag(Buffer.alloc(3))), attempt(() => crypto.createCipheriv('aes-256-gcm', key, iv).getAuthTag()),
        attempt(() => { const c = crypto.createCipheriv('aes-256-gcm', key, iv); c.final(); c.update('a'); }), attempt(() => { const c = crypto.createCipheriv('aes-256-cbc', key, iv); c.final(); c.final(); }),
        attempt(() => crypto.createCipheriv('aes-256-gcm', key, '')), attempt(() => { const c = crypto.createCipheriv('aes-256-cbc', key, iv); c.setAutoPadding(false); c.update('abc'); c.final(); }),
        attempt(() => crypto.createCipheriv('aes-256-cbc', key, iv).setAAD(Buffer.alloc(1))),
    ];
    const wrap = crypto.createCipheriv('aes256-wrap', key, Buffer.alloc(8, 0xa6));
    const wrapped = Buffer.concat([wrap.update(Buffer.alloc(24, 4)), wrap.final()]);
    const unwrap = (text) => { const d = crypto.createDecipheriv('id-aes256-wrap', key, Buffer.alloc(8, 0xa6)); return Buffer.concat([d.update(text), d.final()]); };
    rows.wrap = [wrapped.toString('hex'), unwrap(wrapped).toString('hex'), attempt(() => unwrap(Buffer.alloc(32)))];
    rows.info = [crypto.getCipherInfo('aes128-wrap'), crypto.getCipherInfo('aes-256-cbc'), crypto.getCipherInfo('AES-128-GCM'), crypto.getCipherInfo('aes-128-ctr'), crypto.getCipherInfo('nothing') ?? null];
    api.user.setAppMetadata('rows', rows);
};
