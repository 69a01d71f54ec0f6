/** `AbortController` and `AbortSignal`. */

import { badArgument, DOMException, illegalConstructor, INSPECT, nodeError, received, show } from './errors.js';
import { Event, EventTarget, handler } from './events.js';
import { setTimeout } from './timers.js';

const KEY = Symbol('key');
const make = () => new AbortSignal(KEY);

/** Tells whether, and why, something shall be given up. */
export class AbortSignal extends EventTarget {
    #aborted = false;
    #reason = undefined;
    #dependents;

    constructor(key) {
        if (key !== KEY) throw illegalConstructor();
        super();
    }

    get aborted() {
        return this.#aborted;
    }

    get reason() {
        return this.#reason;
    }

    throwIfAborted() {
        if (this.#aborted) throw this.#reason;
    }

    /** A signal that is aborted already. */
    static abort(reason = new DOMException('This operation was aborted', 'AbortError')) {
        const signal = make();
        signal.#aborted = true;
        signal.#reason = reason;
        return signal;
    }

    /** A signal that is aborted after so many milliseconds. */
    static timeout(delay) {
        if (typeof delay !== 'number') throw badArgument('delay', 'of type number', delay);
        if (!Number.isInteger(delay)) {
            const text = `The value of "delay" is out of range. It must be an integer. Received ${delay}`;
            throw nodeError(RangeError, 'ERR_OUT_OF_RANGE', text);
        }
        if (delay < 0 || delay > 4294967295) {
            const text = `The value of "delay" is out of range. It must be >= 0 && <= 4294967295. Received ${delay}`;
            throw nodeError(RangeError, 'ERR_OUT_OF_RANGE', text);
        }
        const signal = make();
        const abort = () => trip(signal, new DOMException('The operation was aborted due to timeout', 'TimeoutError'));
        setTimeout(abort, delay).unref();
        return signal;
    }

    /** A signal that is aborted as soon as one of these is. */
    static any(signals) {
        if (!Array.isArray(signals)) {
            throw nodeError(
                TypeError,
                'ERR_INVALID_ARG_TYPE',
                `The "signals" argument must be an instance of Array. ${received(signals)}`,
            );
        }
        signals.forEach((signal, index) => {
            if (!(signal instanceof AbortSignal)) {
                throw badArgument(`signals[${index}]`, 'an instance of AbortSignal', signal);
            }
        });
        const dependent = make();
        const source = signals.find((signal) => signal.aborted);
        if (source) {
            dependent.#aborted = true;
            dependent.#reason = source.#reason;
            return dependent;
        }
        for (const signal of signals) (signal.#dependents ??= []).push(dependent);
        return dependent;
    }

    [INSPECT](depth, options, inspect) {
        return show('AbortSignal', { aborted: this.#aborted }, depth, options, inspect);
    }

    get [Symbol.toStringTag]() {
        return 'AbortSignal';
    }

    /** Aborts; for `AbortController` only. */
    static trip(signal, reason) {
        if (signal.#aborted) return;
        signal.#aborted = true;
        signal.#reason = reason;
        const dependents = (signal.#dependents ?? []).filter((dependent) => !dependent.#aborted);
        signal.dispatchEvent(new Event('abort'));
        for (const dependent of dependents) trip(dependent, reason);
    }
}

const { trip } = AbortSignal;
delete AbortSignal.trip;
handler(AbortSignal, 'abort');

/** Aborts its signal. */
export class AbortController {
    #signal = make();

    get signal() {
        return this.#signal;
    }

    abort(reason = new DOMException('This operation was aborted', 'AbortError')) {
        trip(this.#signal, reason);
    }

    [INSPECT](depth, options, inspect) {
        return show('AbortController', { signal: this.#signal }, depth, options, inspect);
    }

    get [Symbol.toStringTag]() {
        return 'AbortController';
    }
}
