const zlib = require('zlib');
const { Readable, Transform, Writable, pipeline } = require('stream');
const { promisify } = require('util');
exports.onExecutePostLogin = async (event, api) => {
    const out = [];
    const text = 'compress me '.repeat(20);
    out.push(zlib.gunzipSync(zlib.gzipSync(text)).toString() === text, zlib.inflateSync(zlib.deflateSync(Buffer.from(text))).length, zlib.inflateRawSync(zlib.deflateRawSync(text)).toString().length);
    out.push((await promisify(zlib.unzip)(zlib.gzipSync('x'))).toString());
    try { zlib.gunzipSync(Buffer.from('not gzip')); } catch (error) { out.push([error.name, error.code, error.message]); }
    const chunks = [];
    for await (const chunk of Readable.from(['a', 'b', 'c'])) chunks.push(chunk);
    out.push(chunks);
    const upper = new Transform({ transform(chunk, _, done) { done(null, String(chunk).toUpperCase()); } });
    const kept = [];
    const sink = new Writable({ write(chunk, _, done) { kept.push(String(chunk)); done(); } });
    await promisify(pipeline)(Readable.from(['one', 'two']), upper, sink);
    out.push(kept);
    const broken = new Readable({ read() { this.destroy(new Error('broken pipe')); } });
    try { for await (const chunk of broken) out.push(chunk); } catch (error) { out.push(error.message); }
    api.user.setAppMetadata('out', out);
};
