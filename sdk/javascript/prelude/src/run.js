// A version: what is compiled, how it is loaded, and how its handler is run.

import { errorOf } from './api/errors.js';
import { handlerOf } from './api/handlers.js';
import { apiFor } from './api/index.js';
import { eventFor } from './event.js';
import * as hostCalls from './host_calls.js';
import { attach as attachModules, BUNDLE, evaluate, provide, require, unwrapped, wrapped } from './modules.js';
import { loop, runTicks } from './node/process.js';
import { ruleRunner, wrappedRule } from './rules/index.js';
import { turn } from './web/timers.js';

// An action may change JSON for itself.
const { parse, stringify } = JSON;

let host;
let exported;
let trigger;
let run;

/** Gives this module the host. */
export function attach(given) {
    host = given;
    attachModules(given);
}

/** The scripts of a payload, and what is kept of it beside them. */
export function plan(payload) {
    const { source, bundle, modules = {}, file = 'action.js', ...meta } = parse(payload);
    const parts = [{ file, ...(meta.kind === 'rule' ? wrappedRule(source) : wrapped(source)) }];
    if (bundle !== undefined) parts.push({ file: BUNDLE, text: bundle, line: 1 });
    const names = Object.keys(modules);
    for (const name of names) {
        parts.push({ file: `${name.slice('actions:'.length)}.js`, ...wrapped(modules[name].source) });
    }
    return { meta: stringify({ ...meta, file, bundled: bundle !== undefined, modules: names }), parts };
}

/** Runs the top level of a version. */
export function load(text, action, ...others) {
    const meta = parse(text);
    const bundle = meta.bundled ? others.shift() : undefined;
    provide(new Map(meta.modules.map((name, at) => [name, others[at]])), bundle);
    trigger = meta.trigger ?? 'post-login';
    exported = meta.kind === 'rule' ? ruleRunner(action, meta.file) : evaluate(action, meta.file);
    // What handlers require is loaded now, once, and not in every login. What fails then fails when it is required.
    for (const name of meta.preload ?? []) {
        try {
            require(name);
        } catch {
            // The handler gets the error where it asks.
        }
    }
}

/** Calls a handler: `execute`, or `continue` after a suspension. */
export function start(entry) {
    const event = eventFor(host);
    loop.runs = true;
    run = { mutations: [], event, host, entry, callSync: hostCalls.callSync, start: hostCalls.start, end: null };
    const mine = run;
    try {
        // An action that has nothing to do after a suspension need not say so.
        if (entry === 'continue' && exported?.onContinuePostLogin === undefined) {
            run.end = { mutations: [] };
            return;
        }
        const handler = handlerOf(exported, entry, trigger);
        const api = apiFor(trigger, run);
        Promise.resolve(handler(event, api)).then(
            () => {
                mine.end ??= { mutations: mine.mutations.slice() };
            },
            (thrown) => fail(thrown),
        );
    } catch (thrown) {
        fail(thrown);
    }
}

function told(thrown) {
    const error = errorOf(thrown);
    try {
        if (error.stack !== undefined) error.stack = unwrapped(error.stack);
    } catch {
        // The action has its own ideas of `replace`.
    }
    return error;
}

/** Ends the run with an error, as one that nobody caught does. */
export function fail(thrown) {
    run.end ??= { error: told(thrown) };
}

/** One turn of the event loop; it waits for the host when there is nothing else to do. False: the run is at its end. */
export function step() {
    if (run.end !== null && (run.end.error !== undefined || !hostCalls.keepsRun())) return false;
    try {
        if (runTicks()) return true;
        const next = turn();
        if (next === 'ran' || (next === 'wait' && hostCalls.wait())) return true;
    } catch (thrown) {
        // As an exception in a timer ends a process.
        fail(thrown);
    }
    if (run.end === null) fail(new Error('The action never ended: it waits for a promise that nothing can settle'));
    return false;
}

// Half of a pair of surrogates has no form in UTF-8.
const wellFormed = (_, value) => (typeof value === 'string' ? value.toWellFormed() : value);

/** The result of the run, as JSON. */
export function result() {
    const text = stringify(run.end);
    return text.includes('\\ud') ? stringify(run.end, wellFormed) : text;
}

/** What was thrown outside of a handler, as JSON. */
export function describe(thrown) {
    return stringify(told(thrown), wellFormed);
}
