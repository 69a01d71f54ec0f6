/** `console`: lines to the run's log, worded as Node words them. */
import { formatWithOptions, inspect } from './inspect.js';
import { renderTable } from './console_table.js';
import { ERR_INVALID_ARG_TYPE } from './errors.js';

/** The log's levels. */
const LEVEL = { trace: 0, debug: 1, info: 2, warn: 3, error: 4 };
const METHODS = {};

/** One console: what it writes through and what it counts. */
class State {
    constructor(write, warn, options = undefined) {
        this.write = write;
        this.warn = warn;
        this.options = options ?? {};
        this.indent = '';
        this.counts = new Map();
        this.times = new Map();
    }

    line(level, args) {
        const text = args.length === 1 && typeof args[0] === 'string' ? args[0] : formatWithOptions(this.options, ...args);
        this.write(level, this.indent === '' ? text : this.indent + text.replaceAll('\n', `\n${this.indent}`));
    }

    elapsed(name, label) {
        const key = `${label}`;
        const since = this.times.get(key);
        if (since === undefined) {
            this.warn(`No such label '${key}' for console.${name}()`);
            return undefined;
        }
        return `${key}: ${duration(Date.now() - since)}`;
    }
}

/** A time as `timeEnd` shows it. */
function duration(ms) {
    if (ms < 1000) return `${Number(ms.toFixed(3))}ms`;
    if (ms < 60000) return `${(ms / 1000).toFixed(3)}s`;
    const minutes = Math.floor(ms / 60000);
    const seconds = Math.floor(ms / 1000) % 60;
    const two = (n) => `${n}`.padStart(2, '0');
    if (minutes < 60) return `${minutes}:${two(seconds)}.${`${ms % 1000}`.padStart(3, '0')} (m:ss.mmm)`;
    return `${Math.floor(minutes / 60)}:${two(minutes % 60)}:${two(seconds)} (h:mm:ss)`;
}

Object.assign(METHODS, {
    log(...args) { this.line(LEVEL.info, args); },
    warn(...args) { this.line(LEVEL.warn, args); },
    dir(value, options) { this.line(LEVEL.info, [inspect(value, { customInspect: false, ...this.options, ...options })]); },
    time(label = 'default') {
        const key = `${label}`;
        if (this.times.has(key)) this.warn(`Label '${key}' already exists for console.time()`);
        else this.times.set(key, Date.now());
    },
    timeEnd(label = 'default') {
        const text = this.elapsed('timeEnd', label);
        if (text !== undefined) this.line(LEVEL.info, [text]);
        this.times.delete(`${label}`);
    },
    timeLog(label = 'default', ...data) {
        const text = this.elapsed('timeLog', label);
        if (text !== undefined) this.line(LEVEL.info, data.length === 0 ? [text] : ['%s', text, ...data]);
    },
    trace(...args) {
        const error = { name: 'Trace', message: formatWithOptions(this.options, ...args) };
        const stack = `${new Error().stack ?? ''}`.split('\n').filter((line) => /^\s+at /.test(line));
        while (/postern\.js|<anonymous>\)$/.test(stack[0])) stack.shift();
        const head = error.message === '' ? error.name : `${error.name}: ${error.message}`;
        this.line(LEVEL.trace, [[head, ...stack].join('\n')]);
    },
    assert(expression, ...args) {
        if (expression) return;
        const rest = [...args];
        rest[0] = `Assertion failed${args.length === 0 ? '' : `: ${args[0]}`}`;
        this.line(LEVEL.warn, rest);
    },
    clear() {},
    count(label = 'default') {
        const key = `${label}`;
        const count = (this.counts.get(key) ?? 0) + 1;
        this.counts.set(key, count);
        this.line(LEVEL.info, [`${key}: ${count}`]);
    },
    countReset(label = 'default') {
        const key = `${label}`;
        if (this.counts.has(key)) this.counts.delete(key);
        else this.warn(`Count for '${key}' does not exist`);
    },
    group(...args) {
        if (args.length > 0) this.line(LEVEL.info, args);
        this.indent += '  ';
    },
    groupEnd() { this.indent = this.indent.slice(0, -2); },
    table(data, columns) {
        if (columns !== undefined && !Array.isArray(columns)) throw ERR_INVALID_ARG_TYPE('properties', 'Array', columns);
        if (data === null || typeof data !== 'object') this.line(LEVEL.info, [data]);
        else this.line(LEVEL.info, [renderTable(data, columns)]);
    },
    debug(...args) { this.line(LEVEL.debug, args); },
    info(...args) { this.line(LEVEL.info, args); },
    dirxml(...args) { this.line(LEVEL.info, args); },
    error(...args) { this.line(LEVEL.error, args); },
    groupCollapsed(...args) { METHODS.group.apply(this, args); },
});
const SILENT = ['profile', 'profileEnd', 'timeStamp'];

/** The methods of a console as its own, bound properties. */
function equip(target, state) {
    for (const [name, method] of Object.entries(METHODS)) {
        target[name] = { [name](...args) { method.apply(state, args); } }[name];
    }
    for (const name of SILENT) target[name] = { [name]() {} }[name];
    return target;
}

/** A console whose lines go to streams, as `new console.Console(stdout, stderr)`. */
class Console {
    constructor(options, stderr) {
        const { stdout, stderr: errors = stdout, inspectOptions } = typeof options?.write === 'function'
            ? { stdout: options, stderr: stderr ?? options }
            : options ?? {};
        if (typeof stdout?.write !== 'function') {
            throw Object.assign(new TypeError('Console expects a writable stream instance for stdout'), {
                code: 'ERR_CONSOLE_WRITABLE_STREAM',
            });
        }
        const write = (level, text) => (level > LEVEL.info || level === LEVEL.trace ? errors : stdout).write(`${text}\n`);
        equip(this, new State(write, (text) => errors.write(`Warning: ${text}\n`), inspectOptions));
    }
}

/** The global console, over the host's log. */
export function createConsole(log, warn) {
    const console = Object.create({});
    equip(console, new State(log, warn));
    console.Console = Console;
    console.context = () => equip({}, new State(log, warn));
    console.createTask = () => ({ run: (fn) => fn() });
    Object.defineProperty(console, Symbol.toStringTag, { value: 'console', configurable: true });
    return console;
}

export { LEVEL };
