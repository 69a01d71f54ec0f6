// The run loop of the engine, on Node's own.

import { wait } from '../../src/host_calls.js';
import { turn } from '../../src/web/timers.js';
import { answer } from './fake_host.js';

const later = globalThis.setImmediate;

/** Runs `work` as a run of the engine does; what it comes to, or an error when nothing can settle it. */
export async function run(work) {
    let end;
    Promise.resolve()
        .then(work)
        .then(
            (value) => (end = { value }),
            (error) => (end = { error }),
        );
    for (;;) {
        // All jobs.
        await new Promise((resolve) => later(resolve));
        if (end) break;
        const what = turn();
        if (what === 'idle') throw new Error('nothing can settle it');
        if (what === 'ran') continue;
        await answer();
        wait();
    }
    if ('error' in end) throw end.error;
    return end.value;
}
