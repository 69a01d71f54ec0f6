// What `require` finds: Actions Modules, Node's built-ins, and the version's bundle of npm packages.

import { builtins } from './wiring.js';

const loaded = new Map();
let fromBundle = null;
let scripts = new Map();

const WRAPPER = '(function (exports, require, module, __filename, __dirname, actions) {\n';

/** CommonJS source as a script whose value is its function; its first line has the number 1. */
export const wrapped = (source) => ({ text: `${WRAPPER}${source}\n})`, line: 0 });

/** Starts over with a version's parts: functions of Actions Modules by name, and of its bundle. */
export function provide(modules, bundle) {
    scripts = modules;
    fromBundle = bundle === undefined ? null : bundle(requireBuiltin);
}

function missing(name) {
    const error = new Error(`Cannot find module '${name}'\nRequire stack:\n- action.js`);
    error.code = 'MODULE_NOT_FOUND';
    error.requireStack = ['action.js'];
    return error;
}

const builtinName = (name) => (name.startsWith('node:') ? name.slice(5) : name);

function requireBuiltin(name) {
    const known = builtinName(name);
    if (!Object.hasOwn(builtins, known)) throw missing(name);
    let found = loaded.get(known);
    if (found === undefined) {
        found = builtins[known]();
        loaded.set(known, found);
    }
    return found;
}

/** Evaluates CommonJS code, which may require otherwise; what it exports. */
export function evaluate(script, file, actions, using = require) {
    const module = { exports: {}, id: file, filename: file, loaded: false, children: [], paths: [] };
    script.call(module.exports, module.exports, using, module, file, '/', actions);
    module.loaded = true;
    return module.exports;
}

function requireModule(name) {
    let found = loaded.get(name);
    if (found === undefined) {
        const script = scripts.get(name);
        if (script === undefined) throw missing(name);
        found = evaluate(script, `${name.slice('actions:'.length)}.js`, moduleActions(name));
        loaded.set(name, found);
    }
    return found;
}

let moduleActions = () => undefined;
/** Sets what a module sees as `actions`: its own secrets. */
export function setModuleActions(make) {
    moduleActions = make;
}

/** `require` of actions and modules. */
export function require(name) {
    if (typeof name !== 'string') {
        const error = new TypeError(
            `The "id" argument must be of type string. Received ${name === null ? 'null' : typeof name}`,
        );
        error.code = 'ERR_INVALID_ARG_TYPE';
        throw error;
    }
    if (name.startsWith('actions:')) return requireModule(name);
    if (Object.hasOwn(builtins, builtinName(name))) return requireBuiltin(name);
    if (fromBundle !== null) return fromBundle(name);
    throw missing(name);
}

require.resolve = (name) => name;
require.cache = Object.create(null);
require.main = undefined;
