/** `MessageChannel`: two ends that talk to each other. */

import { structuredClone } from './clone.js';
import { illegalConstructor } from './errors.js';
import { Event, EventTarget, handler } from './events.js';
import { setImmediate } from './timers.js';

/** Something that was said. */
export class MessageEvent extends Event {
    #init;

    constructor(type, init = {}) {
        super(type, init);
        this.#init = init ?? {};
    }

    get data() {
        return this.#init.data ?? null;
    }

    get origin() {
        return this.#init.origin ?? '';
    }

    get lastEventId() {
        return this.#init.lastEventId ?? '';
    }

    get source() {
        return this.#init.source ?? null;
    }

    get ports() {
        return this.#init.ports ?? [];
    }
}

const KEY = Symbol('key');

/** One end. */
export class MessagePort extends EventTarget {
    #other;
    #waiting = [];
    #started = false;

    constructor(key) {
        if (key !== KEY) throw illegalConstructor();
        super();
    }

    postMessage(message) {
        const data = structuredClone(message);
        if (this.#other) this.#other.#receive(data);
    }

    #receive(data) {
        this.#waiting.push(data);
        if (this.#started) this.#deliver();
    }

    #deliver() {
        const messages = this.#waiting;
        this.#waiting = [];
        for (const data of messages) setImmediate(() => this.dispatchEvent(new MessageEvent('message', { data })));
    }

    start() {
        this.#started = true;
        this.#deliver();
    }

    close() {
        const other = this.#other;
        this.#other = undefined;
        if (other) other.#other = undefined;
    }

    ref() {}

    unref() {}

    on(type, listener) {
        this.addEventListener(type, (event) => listener(event.data));
        if (type === 'message') this.start();
        return this;
    }

    /** Joins two ends; for `MessageChannel` only. */
    static join(one, two) {
        one.#other = two;
        two.#other = one;
    }
}

const { join } = MessagePort;
delete MessagePort.join;
handler(MessagePort, 'message');
const { get, set } = Object.getOwnPropertyDescriptor(MessagePort.prototype, 'onmessage');
Object.defineProperty(MessagePort.prototype, 'onmessage', {
    configurable: true,
    enumerable: true,
    get,
    set(value) {
        set.call(this, value);
        this.start();
    },
});

/** Two ends. */
export class MessageChannel {
    port1 = new MessagePort(KEY);
    port2 = new MessagePort(KEY);

    constructor() {
        join(this.port1, this.port2);
    }
}
