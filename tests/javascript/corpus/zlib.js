const zlib = require('zlib');
const { promisify } = require('util');
const attempt = (work) => {
    try {
        return work().toString();
    } catch (error) {
        return [error.name, error.message, error.code ?? null, error.errno ?? null];
    }
};

exports.onExecutePostLogin = async (event, api) => {
    const text = JSON.stringify(event.user);
    const rows = { back: [] };
    for (const [pack, unpack] of [['gzip', 'gunzip'], ['deflate', 'inflate'], ['deflateRaw', 'inflateRaw'], ['gzip', 'unzip'], ['deflate', 'unzip']]) {
        for (const level of [-1, 0, 1, 9]) {
            const packed = zlib[`${pack}Sync`](text, { level });
            // Without a header the first bytes are the compressor's own choice.
            const head = pack === 'deflateRaw' ? '' : packed.subarray(0, 2).toString('hex');
            rows.back.push(zlib[`${unpack}Sync`](packed).toString() === text, head);
        }
        rows.back.push((await promisify(zlib[unpack])(await promisify(zlib[pack])(text))).toString() === text);
    }
    // Made elsewhere.
    rows.read = [
        zlib.gunzipSync(Buffer.from('1f8b0800000000000003cb48cdc9c957c84090008088f9e511000000', 'hex')).toString(), zlib.brotliDecompressSync(Buffer.from('CwmASGVsbG8gYnJvdGxpIGJyb3RsaQM=', 'base64')).toString(),
        zlib.gunzipSync(Buffer.concat([zlib.gzipSync('abc'), zlib.gzipSync('def')])).toString(), zlib.inflateSync(Buffer.concat([zlib.deflateSync('abc'), Buffer.from('xyz')])).toString(), zlib.gunzipSync(zlib.gzipSync('')).length,
    ];
    rows.stream = await new Promise((done, fail) => {
        const parts = [];
        const gunzip = zlib.createGunzip();
        gunzip.on('data', (part) => parts.push(part)).on('end', () => done(Buffer.concat(parts).toString())).on('error', fail);
        const packed = zlib.gzipSync('through a stream');
        gunzip.write(packed.subarray(0, 9));
        gunzip.end(packed.subarray(9));
    });
    rows.streamError = await new Promise((done) => zlib.createInflate().on('error', (error) => done([error.message, error.code])).on('end', () => done('none')).resume().end('no zlib'));
    rows.lenient = zlib.gunzipSync(zlib.gzipSync('hello').subarray(0, 15), { finishFlush: zlib.constants.Z_SYNC_FLUSH }).toString();
    rows.crc = zlib.crc32 ? [zlib.crc32('hello'), zlib.crc32(Buffer.from('llo'), zlib.crc32('he'))] : null;
    const broken = (packed, at) => { const copy = Buffer.from(packed); copy[copy.length + at] ^= 1; return copy; };
    rows.errors = [
        attempt(() => zlib.gunzipSync(Buffer.from('abc'))), attempt(() => zlib.gunzipSync(Buffer.alloc(0))), attempt(() => zlib.inflateSync('abc')), attempt(() => zlib.inflateSync(zlib.deflateSync('hello').subarray(0, 8))), attempt(() => zlib.inflateRawSync(Buffer.from([7]))),
        attempt(() => zlib.inflateRawSync(Buffer.from([1, 2, 3, 4, 5]))), attempt(() => zlib.gunzipSync(undefined)), attempt(() => zlib.unzipSync('abc')), attempt(() => zlib.brotliDecompressSync('abc')), attempt(() => zlib.gunzipSync(zlib.gzipSync('a'.repeat(1000)), { maxOutputLength: 10 })),
        attempt(() => zlib.gunzipSync(broken(zlib.gzipSync('abc'), -5))), attempt(() => zlib.gunzipSync(broken(zlib.gzipSync('abc'), -1))), attempt(() => zlib.inflateSync(broken(zlib.deflateSync('abc'), -1))), attempt(() => zlib.gunzipSync(Buffer.concat([zlib.gzipSync('abc'), Buffer.from('xyz')]))),
        attempt(() => zlib.gunzipSync(Buffer.from([0x1f, 0x8b, 9, 0, 0, 0, 0, 0, 0, 0]))), attempt(() => zlib.gzip('a')), attempt(() => zlib.deflateSync('a', { level: 20 })), attempt(() => zlib.deflateSync('a', { level: 'x' })), attempt(() => zlib.deflateSync(5)),
    ];
    api.user.setAppMetadata('rows', rows);
};
