// Runs actions under Node with the reference api. In: an array of cases `{name, source, event, entry, now}` as JSON on
// standard input. Out: an array of `{name, mutations | error, log}`.

import { Worker } from 'node:worker_threads';

function outcome(given) {
    return new Promise((resolve) => {
        const worker = new Worker(new URL('./case.mjs', import.meta.url), { workerData: given, env: {}, stdout: true });
        let found = { error: { name: 'Unsettled', message: 'the handler never ended' } };
        worker.on('message', (message) => {
            found = message;
        });
        worker.on('error', (error) => {
            found = { error: { name: 'Worker', message: String(error) } };
        });
        worker.on('exit', () => resolve({ name: given.name, ...found }));
    });
}

let text = '';
for await (const chunk of process.stdin) text += chunk;
const outcomes = [];
for (const given of JSON.parse(text)) outcomes.push(await outcome(given));
// Half of a pair of surrogates has no form in UTF-8: the engine's host takes none.
const wellFormed = (_, value) => (typeof value === 'string' ? value.toWellFormed() : value);
process.stdout.write(JSON.stringify(outcomes, wellFormed));
