// Every snippet runs on Node's globals and on ours: they must come to the same.

import assert from 'node:assert/strict';
import test from 'node:test';

import { host } from './fake_host.js';
import { run } from './loop.js';
import { snippets } from './snippets.js';

const theirs = { ...Object.getOwnPropertyDescriptors(globalThis) };
const node = Object.create(null);
for (const name of Object.keys(theirs)) {
    try {
        node[name] = globalThis[name];
    } catch {
        // A global that Node makes on demand and cannot.
    }
}
const { install } = await import('../../src/web/index.js');
const ours = { ...node };
install(ours, host);

function plain(value) {
    if (value === null || typeof value !== 'object') return typeof value === 'function' ? 'function' : value;
    if (value instanceof Uint8Array) return { bytes: [...value] };
    if (value instanceof Error || value.constructor?.name === 'DOMException') return error(value);
    if (Array.isArray(value)) return value.map(plain);
    return Object.fromEntries(Object.entries(value).map(([key, part]) => [key, plain(part)]));
}

function error(value) {
    if (value === null || typeof value !== 'object') return { thrown: value };
    const { name, message, code, cause } = value;
    const hasType = value.constructor?.name;
    return {
        name,
        message,
        code,
        type: hasType,
        text: String(value),
        cause: cause === undefined ? undefined : plain(cause),
    };
}

const outcome = async (work) => {
    try {
        return { value: plain(await work()) };
    } catch (thrown) {
        return { error: error(thrown) };
    }
};

for (const [name, snippet] of Object.entries(snippets)) {
    test(name, async () => {
        const wanted = await outcome(() => snippet(node));
        const got = await outcome(() => run(() => snippet(ours)));
        assert.deepEqual(got, wanted);
    });
}
