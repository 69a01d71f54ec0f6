exports.onExecutePostLogin = async (event, api) => {
    const out = [];
    const bytes = Buffer.from('Ünïcode ✓ 😀');
    out.push(bytes.length, bytes.toString('hex'), bytes.toString('base64'), bytes.toString('base64url'), bytes.toString('latin1').length);
    out.push(Buffer.from('SGVsbG8', 'base64').toString(), Buffer.from('48656c6c6f', 'hex').toString('utf8'), Buffer.from('hé', 'latin1').length);
    out.push(Buffer.concat([Buffer.from('a'), Buffer.alloc(2, 'xy'), Buffer.from([1, 256, -1])]).toJSON());
    out.push(Buffer.isBuffer(bytes), bytes instanceof Uint8Array, Buffer.byteLength('é'), Buffer.compare(Buffer.from('a'), Buffer.from('b')), bytes.equals(Buffer.from(bytes)));
    out.push(bytes.slice(0, 2).toString('hex'), bytes.subarray(-4).toString(), bytes.indexOf('✓'), bytes.includes('code'), bytes.readUInt16BE(0), Buffer.from([1, 2, 3, 4]).readInt32LE());
    const written = Buffer.alloc(8); written.writeDoubleBE(Math.PI); out.push(written.toString('hex'), written.write('zz', 6), written.toString('latin1').endsWith('zz'));
    out.push(JSON.stringify(Buffer.from('x')), `${Buffer.from('text')}`, [...Buffer.from('ab')], Buffer.from('zz', 'hex').length, Buffer.from(new Uint16Array([258])).toString('hex'));
    out.push(atob('aGk='), btoa('hi'), Buffer.from(event.user.email).toString('base64').replace(/=+$/, ''));
    for (const wrong of [() => Buffer.from(5), () => Buffer.from(null), () => Buffer.alloc(-1), () => btoa('✓'), () => Buffer.from('a').readUInt32BE(0), () => Buffer.concat('x')]) {
        try { out.push(wrong()); } catch (error) { out.push([error.name, error.code, error.message]); }
    }
    api.user.setAppMetadata('out', out);
};
