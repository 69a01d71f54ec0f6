// What the order of timers costs in calls of the host, and when a run has nothing left to wait for.

import assert from 'node:assert/strict';
import test from 'node:test';

import { calls, host } from './fake_host.js';
import { run } from './loop.js';

const { install } = await import('../../src/web/index.js');
const ours = {};
install(ours, host);

test('timers: nothing waits for a timer that holds nothing', async () => {
    await assert.rejects(
        run(() => new Promise((resolve) => ours.setTimeout(resolve, 10).unref())),
        /nothing can settle it/,
    );
});

test('timers: while only timers are awaited, one call at a time', async () => {
    const before = calls.length;
    await run(async () => {
        for (const delay of [30, 10, 10, 20, 500]) ours.setTimeout(() => {}, delay);
        await new Promise((resolve) => ours.setTimeout(resolve, 30));
    });
    assert.deepEqual(
        calls.slice(before),
        [10, 10, 10].map((ms) => ({ type: 'timer', ms })),
    );
});
