// The bundled prelude beside Node: the same function is run with Node's module and with ours.

import assert from 'node:assert';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import util from 'node:util';
import { build } from 'esbuild';

process.noDeprecation = true;
const require = createRequire(import.meta.url);
const { outputFiles } = await build({
    entryPoints: ['src/node/index.js'],
    absWorkingDir: fileURLToPath(new URL('../..', import.meta.url)),
    bundle: true,
    write: false,
    format: 'iife',
    globalName: 'prelude',
    platform: 'neutral',
    mainFields: ['module', 'main'],
    inject: ['src/inject.js'],
});
const prelude = (0, eval)(`${outputFiles[0].text};prelude`);

/** Lines that the prelude wrote to the run's log. */
export const log = [];
/** What `install` puts on the global object. */
export const globals = {};
prelude.install(globals, { log: (level, text) => log.push([level, text]) });

/** A built-in of the prelude. */
export const ours = (name) => (name === 'console' ? globals.console : prelude.builtins[name]());
/** Every built-in's name. */
export const names = Object.keys(prelude.builtins);
/** A built-in of Node. */
export const nodes = (name) => require(name);

/** A value as text, told apart as far as `inspect` can. */
export const shown = (value) => {
    if (value instanceof Uint8Array) return `bytes ${Array.from(value)}`;
    return typeof value === 'string' ? JSON.stringify(value) : util.inspect(value, { depth: 6 });
};

/** An error by what actions see of it. */
export const errorText = (error) => `${error.name} ${error.code}: ${error.message}`;

function outcome(fn, module) {
    try {
        return shown(fn(module));
    } catch (error) {
        return errorText(error);
    }
}

/** Counts cases, and says at the end which differ. */
export class Comparison {
    cases = 0;

    different = [];

    constructor(module) {
        this.theirs = nodes(module);
        this.ours = ours(module);
    }

    same(label, fn) {
        this.cases += 1;
        this.note(label, outcome(fn, this.theirs), outcome(fn, this.ours));
    }

    note(label, theirs, mine) {
        if (theirs !== mine) this.different.push(`${label}\n  Node: ${theirs}\n  ours: ${mine}`);
    }

    /** Fails with the differences; at least `least` cases must have been made. */
    end(least) {
        assert.ok(this.cases >= least, `only ${this.cases} cases`);
        const text = `${this.different.length} of ${this.cases} differ:\n${this.different.slice(0, 10).join('\n')}`;
        assert.equal(this.different.length, 0, text);
    }
}

/** Numbers below `n`, the same in every run. */
export function chooser(seed) {
    let state = seed;
    return (n) => {
        state = (state * 1103515245 + 12345) & 0x7fffffff;
        return (state >> 8) % n;
    };
}
