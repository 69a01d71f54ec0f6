/**
 * Timers. The clock of a run stands still, so the order of timers is kept here: by due time, then by age, as in Node.
 *
 * A delay of at most a millisecond, and `setImmediate`, cost no call of the host: they are due as soon as nothing else
 * can run. Longer delays are waited for by the host, with as few calls as keep the order: timers of one moment with
 * one delay share a call, and while nothing but timers is awaited only the next one's call is under way.
 */

import { apartFromTimers, start } from '../host_calls.js';
import { badArgument, nodeError } from './errors.js';
import { loading } from './host.js';
import { named } from './names.js';

const LONGEST = 2 ** 31 - 1;
/** Rounds of timers that are due at once before an answer of the host is waited for, so that a polling loop ends. */
const ROUNDS = 100;
const PROMISIFY = Symbol.for('nodejs.util.promisify.custom');

/** Time that is known to have passed in this run, milliseconds. */
let elapsed = 0;
let nextId = 1;
/** Timers by id, as `clearTimeout(3)` wants them. Only those whose id was asked for. */
const byId = new Map();
/** Timers that wait for the host, by due time: entries `{ due, places, underWay, answered }`. */
let waiting = [];
/** What is due: timers, and what `setImmediate` was given. */
let dueTimers = [];
let dueImmediates = [];
/** What runs now, one a turn; and whether it was timers. */
let batch = [];
let batchIsTimers = false;
let rounds = 0;
/** Answers of the host when the rounds were counted from. */
let roundsSince = 0;
/** Live timers that hold the run. */
let held = 0;

function checkCallback(callback) {
    if (typeof callback !== 'function') throw badArgument('callback', 'of type function', callback);
}

/** What `setTimeout` and `setInterval` give back. */
export class Timeout {
    #id = 0;
    #held = true;

    constructor(callback, delay, args, repeats) {
        const ms = Number(delay);
        this._idleTimeout = ms >= 1 && ms <= LONGEST ? Math.trunc(ms) : 1;
        this._onTimeout = callback;
        this._timerArgs = args;
        this._repeat = repeats ? this._idleTimeout : null;
        this._destroyed = false;
        held += 1;
    }

    ref() {
        if (!this.#held && !this._destroyed) held += 1;
        this.#held = true;
        return this;
    }

    unref() {
        if (this.#held && !this._destroyed) held -= 1;
        this.#held = false;
        return this;
    }

    hasRef() {
        return this.#held;
    }

    refresh() {
        if (this._destroyed) {
            this._destroyed = false;
            if (this.#held) held += 1;
        }
        schedule(this);
        return this;
    }

    close() {
        cancel(this);
        return this;
    }

    [Symbol.toPrimitive]() {
        if (this.#id === 0) {
            this.#id = nextId;
            nextId += 1;
            byId.set(this.#id, this);
        }
        return this.#id;
    }

    [Symbol.dispose ?? Symbol.for('nodejs.dispose')]() {
        cancel(this);
    }

    /** Marks as done; for this file only. */
    static finish(timer) {
        if (timer._destroyed) return;
        timer._destroyed = true;
        timer._place = undefined;
        if (timer.#held) held -= 1;
        if (timer.#id) byId.delete(timer.#id);
    }
}

const { finish } = Timeout;
delete Timeout.finish;
// Where the timer stands now: an old place in a list is void.
Object.defineProperty(Timeout.prototype, '_place', { value: undefined, writable: true });

/** What `setImmediate` gives back. */
export class Immediate {
    #held = true;

    constructor(callback, args) {
        this._onImmediate = callback;
        this._argv = args;
        this._destroyed = false;
        held += 1;
    }

    ref() {
        if (!this.#held && !this._destroyed) held += 1;
        this.#held = true;
        return this;
    }

    unref() {
        if (this.#held && !this._destroyed) held -= 1;
        this.#held = false;
        return this;
    }

    hasRef() {
        return this.#held;
    }

    [Symbol.dispose ?? Symbol.for('nodejs.dispose')]() {
        clearImmediate(this);
    }

    /** Marks as done; for this file only. */
    static end(immediate) {
        if (immediate._destroyed) return;
        immediate._destroyed = true;
        if (immediate.#held) held -= 1;
    }
}

const { end } = Immediate;
delete Immediate.end;

/** Puts a timer where it waits. */
function schedule(timer) {
    const place = { timer };
    Object.defineProperty(timer, '_place', { value: place, writable: true, configurable: true, enumerable: false });
    const delay = timer._idleTimeout;
    if (delay <= 1) {
        dueTimers.push(place);
        return;
    }
    // The host waits for nobody while a top level is loaded, and what is loaded is loaded for many logins.
    if (loading()) {
        finish(timer);
        return;
    }
    const due = elapsed + delay;
    // How long the host took for an answer is not known: what began before it is of another moment.
    const { answered } = apartFromTimers();
    const same = waiting.find((entry) => entry.due === due && entry.answered === answered);
    if (same) {
        same.places.push(place);
        return;
    }
    const entry = { due, places: [place], underWay: false, answered };
    const after = waiting.findIndex((other) => other.due > due);
    waiting.splice(after < 0 ? waiting.length : after, 0, entry);
}

function cancel(timer) {
    finish(timer);
}

/** Has the host wait for an entry. */
function waitFor(entry) {
    entry.underWay = true;
    const arrived = () => {
        rounds = 0;
        elapsed = Math.max(elapsed, entry.due);
        waiting = waiting.filter((other) => other !== entry);
        dueTimers.push(...entry.places);
    };
    start({ type: 'timer', ms: entry.due - elapsed }).then(arrived, arrived);
}

function isLive(place) {
    return place.timer ? place.timer._place === place && !place.timer._destroyed : !place.immediate._destroyed;
}

function runOne(place) {
    if (place.immediate) {
        const { immediate } = place;
        end(immediate);
        immediate._onImmediate(...immediate._argv);
        return;
    }
    const { timer } = place;
    const again = timer._repeat !== null;
    if (!again) finish(timer);
    try {
        timer._onTimeout(...timer._timerArgs);
    } finally {
        if (again && !timer._destroyed && timer._place === place) schedule(timer);
    }
}

/** Makes what is due the batch of the coming turns; as Node's loop does, timers and immediates by turns. */
function nextBatch() {
    const immediates = dueImmediates.length > 0 && (batchIsTimers || dueTimers.length === 0);
    batchIsTimers = !immediates;
    if (immediates) {
        batch = dueImmediates;
        dueImmediates = [];
    } else {
        batch = dueTimers;
        dueTimers = [];
    }
    rounds += 1;
}

/**
 * One turn of the event loop: runs one thing that is due. To be called when no job is left; an error of what ran is
 * thrown.
 * @returns {"ran" | "wait" | "idle"} `ran`: see to the jobs, then call again; `wait`: wait for the host; `idle`: there
 *     is nothing that could still happen
 */
export function turn() {
    const { underWay: others, answered } = apartFromTimers();
    if (answered !== roundsSince) {
        roundsSince = answered;
        rounds = 0;
    }
    while (batch.length > 0 || dueTimers.length > 0 || dueImmediates.length > 0) {
        if (others > 0 && rounds > ROUNDS) {
            rounds = 0;
            break;
        }
        if (batch.length === 0) nextBatch();
        const place = batch.shift();
        if (!isLive(place)) continue;
        runOne(place);
        return 'ran';
    }
    waiting = waiting.filter((entry) => entry.underWay || entry.places.some(isLive));
    if (others > 0) {
        // An answer does not tell how late it is: what is not under way by then could not be put into order.
        for (const entry of waiting) if (!entry.underWay) waitFor(entry);
        return 'wait';
    }
    if (held === 0) return 'idle';
    const [next] = waiting.filter((entry) => entry.places.some(isLive));
    if (!next) return 'idle';
    if (!next.underWay) waitFor(next);
    return 'wait';
}

/** Calls a function once, after a delay in milliseconds. */
export function setTimeout(callback, delay, ...args) {
    checkCallback(callback);
    const timer = new Timeout(callback, delay, args, false);
    schedule(timer);
    return timer;
}

/** Calls a function again and again. */
export function setInterval(callback, delay, ...args) {
    checkCallback(callback);
    const timer = new Timeout(callback, delay, args, true);
    schedule(timer);
    return timer;
}

/** Calls a function as soon as what is going on is done. */
export function setImmediate(callback, ...args) {
    checkCallback(callback);
    const immediate = new Immediate(callback, args);
    dueImmediates.push({ immediate });
    return immediate;
}

/** Takes a timer back: the object, or its number. */
export function clearTimeout(timer) {
    if (timer instanceof Timeout) cancel(timer);
    else if (typeof timer === 'number' || typeof timer === 'string') {
        const found = byId.get(Number(timer));
        if (found) cancel(found);
    }
}

/** Takes an interval back. */
export function clearInterval(timer) {
    clearTimeout(timer);
}

/** Takes an immediate back. */
export function clearImmediate(immediate) {
    if (immediate instanceof Immediate) end(immediate);
}

/** Calls a function as a microtask. */
export function queueMicrotask(callback) {
    checkCallback(callback);
    microtask(callback);
}

const own = globalThis.queueMicrotask;
const microtask = own ? (callback) => own(callback) : (callback) => void Promise.resolve().then(() => callback());

function checkOptions(options) {
    if (options === null || typeof options !== 'object') throw badArgument('options', 'of type object', options);
    const { signal, ref = true } = options;
    if (signal !== undefined && (signal === null || typeof signal !== 'object' || !('aborted' in signal))) {
        throw badArgument('options.signal', 'an instance of AbortSignal', signal);
    }
    if (typeof ref !== 'boolean') throw badArgument('options.ref', 'of type boolean', ref);
    return { signal, ref };
}

function aborted(signal) {
    const error = nodeError(Error, 'ABORT_ERR', 'The operation was aborted');
    error.name = 'AbortError';
    error.cause = signal.reason;
    return error;
}

/** A promise that a timer keeps: `begin` gets what to call, and gives the timer. */
function promised(options, begin, clear) {
    const { signal, ref } = checkOptions(options);
    if (signal?.aborted) return Promise.reject(aborted(signal));
    return new Promise((resolve, reject) => {
        const timer = begin(resolve);
        if (!ref) timer.unref();
        signal?.addEventListener('abort', () => {
            clear(timer);
            reject(aborted(signal));
        });
    });
}

const later = async (delay, value, options = {}) =>
    promised(options, (resolve) => setTimeout(() => resolve(value), delay), clearTimeout);
const soon = async (value, options = {}) =>
    promised(options, (resolve) => setImmediate(() => resolve(value)), clearImmediate);

async function* every(delay, value, options = {}) {
    const { signal } = checkOptions(options);
    while (!signal?.aborted) {
        await later(delay, undefined, options);
        yield value;
    }
    throw aborted(signal);
}

Object.defineProperty(setTimeout, PROMISIFY, { enumerable: true, get: () => promises.setTimeout });
Object.defineProperty(setImmediate, PROMISIFY, { enumerable: true, get: () => promises.setImmediate });

/** The module `timers/promises`. */
export const promises = {
    ...named({ setTimeout: later, setImmediate: soon, setInterval: every }),
    scheduler: {
        wait: (delay, options) => later(delay, undefined, options),
        yield: () => soon(),
    },
};

/** The module `timers`. */
export const timers = {
    setTimeout,
    clearTimeout,
    setImmediate,
    clearImmediate,
    setInterval,
    clearInterval,
    promises,
};

named({ Timeout, Immediate });
