// Compressed bodies come out as they went in; broken ones end with undici's error.

import assert from 'node:assert/strict';
import test from 'node:test';
import zlib from 'node:zlib';

import { decodeContent } from '../../src/web/content_encoding.js';
import { bind } from '../../src/web/host.js';

const tried = (undo) => (bytes) => {
    try {
        return { status: 'done', bytes: new Uint8Array(undo(bytes)) };
    } catch {
        return { status: 'bad' };
    }
};
bind({ zlib: { inflate: tried(zlib.inflateRawSync), brotli: tried(zlib.brotliDecompressSync) } });

const body = Buffer.from(JSON.stringify({ a: 'b'.repeat(300) }));

for (const [codings, made] of [
    ['gzip', zlib.gzipSync(body)],
    ['deflate', zlib.deflateSync(body)],
    ['deflate', zlib.deflateRawSync(body)],
    ['BR', zlib.brotliCompressSync(body)],
    ['gzip, br', zlib.brotliCompressSync(zlib.gzipSync(body))],
    ['identity', body],
    ['gzip', Buffer.alloc(0)],
]) {
    test(`${codings} of ${made.length} bytes`, () => {
        const wanted = made.length === 0 ? '' : body.toString();
        assert.equal(Buffer.from(decodeContent(codings, new Uint8Array(made))).toString(), wanted);
    });
}

test('what is broken ends the body', () => {
    assert.throws(() => decodeContent('gzip', new Uint8Array(body)), { name: 'TypeError', message: 'terminated' });
    const cut = zlib.brotliCompressSync(body).subarray(0, 5);
    assert.throws(() => decodeContent('br', new Uint8Array(cut)), { message: 'terminated' });
});
