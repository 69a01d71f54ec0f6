/** `Event`, `CustomEvent` and `EventTarget`. */

import { badArgument, missingArguments, nodeError } from './errors.js';

const STOPPED = Symbol('stopped');

/** Something that happened. */
export class Event {
    static NONE = 0;
    static CAPTURING_PHASE = 1;
    static AT_TARGET = 2;
    static BUBBLING_PHASE = 3;

    #type;
    #bubbles;
    #cancelable;
    #composed;
    #canceled = false;
    #passive = false;
    #target = null;
    #at = 0;
    [STOPPED] = false;

    /**
     * @param {string} type
     * @param {{bubbles?: boolean, cancelable?: boolean, composed?: boolean}} [options]
     */
    constructor(type, options) {
        if (arguments.length === 0) throw missingArguments('type');
        if (options != null && typeof options !== 'object' && typeof options !== 'function') {
            throw badArgument('options', 'of type object', options);
        }
        this.#type = `${type}`;
        this.#bubbles = Boolean(options?.bubbles);
        this.#cancelable = Boolean(options?.cancelable);
        this.#composed = Boolean(options?.composed);
        Object.defineProperty(this, STOPPED, { enumerable: false });
    }

    get type() {
        return this.#type;
    }

    get target() {
        return this.#target;
    }

    get srcElement() {
        return this.#target;
    }

    get currentTarget() {
        return this.#target;
    }

    get bubbles() {
        return this.#bubbles;
    }

    get cancelable() {
        return this.#cancelable;
    }

    get composed() {
        return this.#composed;
    }

    get defaultPrevented() {
        return this.#cancelable && this.#canceled;
    }

    get returnValue() {
        return !this.#cancelable || !this.#canceled;
    }

    get eventPhase() {
        return this.#target ? Event.AT_TARGET : Event.NONE;
    }

    get timeStamp() {
        return this.#at;
    }

    get isTrusted() {
        return false;
    }

    get cancelBubble() {
        return false;
    }

    composedPath() {
        return this.#target ? [this.#target] : [];
    }

    preventDefault() {
        if (!this.#passive) this.#canceled = true;
    }

    stopPropagation() {}

    stopImmediatePropagation() {
        this[STOPPED] = true;
    }

    initEvent(type, bubbles = false, cancelable = false) {
        this.#type = `${type}`;
        this.#bubbles = Boolean(bubbles);
        this.#cancelable = Boolean(cancelable);
    }

    get [Symbol.toStringTag]() {
        return 'Event';
    }

    /** Sets where the event is; for `EventTarget` only. */
    static aim(event, target, passive = false) {
        event.#target = target;
        event.#passive = passive;
    }
}

const { aim } = Event;
delete Event.aim;

/** An event with something of its maker's. */
export class CustomEvent extends Event {
    #detail;

    constructor(type, options) {
        if (arguments.length === 0) throw missingArguments('type');
        super(type, options);
        this.#detail = options?.detail ?? null;
    }

    get detail() {
        return this.#detail;
    }

    get [Symbol.toStringTag]() {
        return 'CustomEvent';
    }
}

function checkListener(listener) {
    if (typeof listener === 'function' || (typeof listener === 'object' && listener !== null)) return true;
    if (listener == null) return false;
    throw badArgument('listener', 'an instance of EventListener', listener);
}

/** Something that events happen to. */
export class EventTarget {
    #listeners;
    #handlers;

    addEventListener(type, listener, options = {}) {
        if (arguments.length < 2) throw missingArguments('type', 'listener');
        const given = typeof options === 'boolean' ? { capture: options } : (options ?? {});
        if (!checkListener(listener)) return;
        if (given.signal?.aborted) return;
        const entry = {
            listener,
            capture: Boolean(given.capture),
            once: Boolean(given.once),
            passive: Boolean(given.passive),
        };
        this.#listeners ??= new Map();
        const key = `${type}`;
        const list = this.#listeners.get(key) ?? [];
        if (list.some((other) => other.listener === listener && other.capture === entry.capture)) return;
        this.#listeners.set(key, [...list, entry]);
        given.signal?.addEventListener('abort', () => this.removeEventListener(key, listener, given), { once: true });
    }

    removeEventListener(type, listener, options = {}) {
        if (arguments.length < 2) throw missingArguments('type', 'listener');
        const capture = Boolean(typeof options === 'boolean' ? options : options?.capture);
        const list = this.#listeners?.get(`${type}`);
        if (!list) return;
        const kept = list.filter((entry) => entry.listener !== listener || entry.capture !== capture);
        this.#listeners.set(`${type}`, kept);
    }

    dispatchEvent(event) {
        if (!(event instanceof Event)) throw badArgument('event', 'an instance of Event', event);
        if (event.target) {
            throw nodeError(Error, 'ERR_EVENT_RECURSION', `The event "${event.type}" is already being dispatched`);
        }
        for (const entry of this.#listeners?.get(event.type) ?? []) {
            aim(event, this, entry.passive);
            if (entry.once) this.removeEventListener(event.type, entry.listener, entry);
            try {
                if (typeof entry.listener === 'function') entry.listener.call(this, event);
                else entry.listener.handleEvent?.(event);
            } catch (error) {
                // As in Node: the others are still told, and nobody catches it.
                queueMicrotask(() => {
                    throw error;
                });
            }
            if (event[STOPPED]) break;
        }
        aim(event, null);
        return !event.defaultPrevented;
    }

    get [Symbol.toStringTag]() {
        return 'EventTarget';
    }

    /** What is at an `on…` property; for `handler` only. */
    static at(target, name) {
        return target.#handlers?.get(name);
    }

    /** Puts a function at an `on…` property; for `handler` only. */
    static put(target, name, entry) {
        target.#handlers ??= new Map();
        target.#handlers.set(name, entry);
    }
}

const { at, put } = EventTarget;
delete EventTarget.at;
delete EventTarget.put;

/**
 * Gives a class the property `on<type>`.
 * @param {Function} Class
 * @param {string} type - of the event
 */
export function handler(Class, type) {
    Object.defineProperty(Class.prototype, `on${type}`, {
        configurable: true,
        enumerable: true,
        get() {
            return at(this, type)?.value ?? null;
        },
        set(value) {
            const old = at(this, type);
            if (old) this.removeEventListener(type, old.call);
            const fit = typeof value === 'function' ? value : null;
            const call = function (event) {
                return fit.call(this, event);
            };
            put(this, type, fit ? { value: fit, call } : undefined);
            if (fit) this.addEventListener(type, call);
        },
    });
}
