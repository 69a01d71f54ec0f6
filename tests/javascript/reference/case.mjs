// One case, in a thread of its own: a fresh realm, its clock stopped, its output kept.

import { Console } from 'node:console';
import { createRequire } from 'node:module';
import { Writable } from 'node:stream';
import vm from 'node:vm';
import { parentPort, workerData } from 'node:worker_threads';

import { apiOf } from './api.mjs';

const { source, event, entry, now } = workerData;
const HANDLERS = { execute: 'onExecutePostLogin', continue: 'onContinuePostLogin' };

function stopClock() {
    const Running = Date;
    const Stopped = new Proxy(Running, {
        construct: (target, given, made) => Reflect.construct(target, given.length === 0 ? [now] : given, made),
        apply: (target) => new target(now).toString(),
        get: (target, key, receiver) => (key === 'now' ? () => now : Reflect.get(target, key, receiver)),
    });
    Running.prototype.constructor = Stopped;
    globalThis.Date = Stopped;
}

function keepLog() {
    let text = '';
    const sink = new Writable({
        write(chunk, _, done) {
            text += chunk;
            done();
        },
    });
    globalThis.console = new Console({ stdout: sink, stderr: sink });
    return () => text;
}

function handlerOf(exported) {
    if (typeof exported !== 'object' || exported === null) throw new Error('The Action must export an object.');
    const name = HANDLERS[entry];
    const handler = exported[name];
    if (handler?.constructor?.name !== 'AsyncFunction') {
        const form = `exports.${name} = async function(event, api) { }`;
        throw new Error(`Invalid function signature for the "${name}" handler. Use "${form}" as the signature.`);
    }
    return handler;
}

function described(thrown) {
    if (thrown instanceof Error) return { name: String(thrown.name), message: String(thrown.message) };
    return { name: 'Error', message: thrown ? String(thrown) : 'Unknown error' };
}

stopClock();
const log = keepLog();
const { api, mutations, run } = apiOf(event);
const report = (outcome) => {
    parentPort.postMessage({ ...outcome, log: log() });
    process.exit(0);
};
const fail = (thrown) => report({ error: described(thrown) });
process.on('uncaughtException', fail);

try {
    const parameters = ['exports', 'require', 'module', '__filename', '__dirname'];
    const module = { exports: {} };
    const script = vm.compileFunction(source, parameters, { filename: 'action.js' });
    script.call(module.exports, module.exports, createRequire(import.meta.url), module, 'action.js', '/');
    await handlerOf(module.exports)(event, api);
    if (run.aborted) fail(run.aborted);
    else report({ mutations });
} catch (thrown) {
    fail(run.aborted ?? thrown);
}
