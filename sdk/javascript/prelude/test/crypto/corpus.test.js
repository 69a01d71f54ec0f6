// The actions of the corpus about crypto and zlib: with the prelude's modules they ask for the same as with Node's.

import assert from 'node:assert/strict';
import crypto from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { test } from 'node:test';
import vm from 'node:vm';

import { install, nodeCrypto } from '../../src/crypto/index.js';
import { wait } from '../../src/host_calls.js';
import { Buffer as OurBuffer } from '../../src/node/buffer/index.js';
import { DOMException as OurException } from '../../src/web/errors.js';
import ourZlib from '../../src/zlib/index.js';
import { fakeHost } from './fake_host.js';

const folder = new URL('../../../../../tests/javascript/corpus/', import.meta.url);
const base = JSON.parse(readFileSync(new URL('../event.json', folder)));
const nodeRequire = createRequire(import.meta.url);
const ours = { Buffer: OurBuffer, DOMException: OurException };
install(ours, fakeHost());

const OF_NODE = { Buffer, DOMException, crypto: crypto.webcrypto, CryptoKey, Crypto: globalThis.Crypto };
const modules = { crypto: nodeCrypto, zlib: ourZlib };

function merged(a, b) {
    if (b === null || typeof b !== 'object' || Array.isArray(b)) return b;
    const out = { ...a };
    for (const key of Object.keys(b)) out[key] = merged(out[key], b[key]);
    return out;
}

/** Where two values differ, one line each. */
function differences(path, found, wanted) {
    const [a, b] = [found, wanted].map((value) => JSON.stringify(value) ?? 'nothing');
    if (a === b) return [];
    const deeper = typeof found === 'object' && typeof wanted === 'object' && found !== null && wanted !== null;
    if (!deeper || a.length + b.length < 150) return [`${path}: ${a.slice(0, 200)}, Node has ${b.slice(0, 200)}`];
    const keys = new Set([...Object.keys(found), ...Object.keys(wanted)]);
    return [...keys].flatMap((key) => differences(`${path}.${key}`, found[key], wanted[key]));
}

async function run(source, event, globals, require) {
    const asked = [];
    const { crypto: global, ...named } = globals;
    const parameters = ['exports', 'require', 'globalThis', ...Object.keys(named)];
    const exported = {};
    const script = vm.compileFunction(source, parameters);
    script(exported, require, { crypto: global }, ...Object.values(named));
    const set = (key, value) => asked.push([key, JSON.parse(JSON.stringify(value))]);
    await exported.onExecutePostLogin(structuredClone(event), { user: { setAppMetadata: set } });
    return asked;
}

for (const file of readdirSync(folder).filter((name) => /^(crypto_|web_crypto|zlib).*\.js$/.test(name))) {
    test(file, async () => {
        const source = readFileSync(new URL(file, folder), 'utf8');
        let event = base;
        try {
            event = merged(base, JSON.parse(readFileSync(new URL(`${file}on`, folder)))[0].event);
        } catch (error) {
            if (error.code !== 'ENOENT') throw error;
        }
        const pump = setInterval(() => wait(), 1);
        try {
            const found = await run(source, event, ours, (name) => modules[name] ?? nodeRequire(name));
            const wanted = await run(source, event, OF_NODE, nodeRequire);
            assert.equal(differences(file, found, wanted).join('\n'), '');
        } finally {
            clearInterval(pump);
            // Node keeps OpenSSL's last error, and shows it where the next has none.
            assert.throws(() => crypto.createHash('none'));
        }
    });
}
