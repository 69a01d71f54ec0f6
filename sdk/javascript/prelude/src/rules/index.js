// Rules: what came before actions. A script is the text of one function, and finds its surroundings as globals.

import { push } from '../api/context.js';
import { evaluate, require } from '../modules.js';
import { ruleHandlers } from './adapter.js';
import { request } from './request.js';

const HEAD = '(function (exports, require, module, __filename, __dirname) { module.exports = ';

/** The text of a rule as a script whose value is a CommonJS function; its first line has the number 1. */
export const wrappedRule = (source) => ({ text: `${HEAD}${source}\n})`, line: 1 });

// Rules name the version of a package in the call, and have `request` without asking for it.
function ruleRequire(name) {
    const plain = typeof name === 'string' ? name.replace(/^(.[^@]*)@[^/]*/, '$1') : name;
    return plain === 'request' ? request : require(plain);
}

// As Auth0 tells an application: `error=unauthorized`.
const deny = (api, reason) => push({ type: 'access.deny', reason, code: 'unauthorized' });

/** What an action would export that does what this rule does. */
export function ruleRunner(script, file) {
    const rule = evaluate(script, file, undefined, ruleRequire);
    if (typeof rule !== 'function') throw new TypeError('A rule is a function (user, context, callback)');
    return ruleHandlers(rule, { scope: (names) => Object.assign(globalThis, names, { request }), deny });
}
