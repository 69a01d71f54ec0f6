/** The globals that Node has from the web. */

import { AbortController, AbortSignal } from './abort.js';
import { Blob, File } from './blob.js';
import { structuredClone } from './clone.js';
import { DOMException } from './errors.js';
import { CustomEvent, Event, EventTarget } from './events.js';
import { fetch } from './fetch.js';
import { FormData } from './form_data.js';
import { Headers } from './headers.js';
import { bind } from './host.js';
import { MessageChannel, MessageEvent, MessagePort } from './message_channel.js';
import { named } from './names.js';
import { Performance, PerformanceEntry } from './performance.js';
import { Request } from './request.js';
import { Response } from './response.js';
import * as streams from './streams.js';
import { atob, btoa, TextDecoder, TextEncoder } from './text.js';
import { TextDecoderStream, TextEncoderStream } from './text_streams.js';
import * as clock from './timers.js';
import { URL } from './url.js';
import { URLSearchParams } from './url_search_params.js';

const HIDDEN = named({
    AbortController,
    AbortSignal,
    Blob,
    CustomEvent,
    DOMException,
    Event,
    EventTarget,
    File,
    FormData,
    Headers,
    MessageChannel,
    MessageEvent,
    MessagePort,
    Performance,
    PerformanceEntry,
    Request,
    Response,
    TextDecoder,
    TextDecoderStream,
    TextEncoder,
    TextEncoderStream,
    URL,
    URLSearchParams,
    ...streams,
});
const SHOWN = named({
    atob,
    btoa,
    clearImmediate: clock.clearImmediate,
    clearInterval: clock.clearInterval,
    clearTimeout: clock.clearTimeout,
    fetch,
    performance: new Performance(),
    queueMicrotask: clock.queueMicrotask,
    setImmediate: clock.setImmediate,
    setInterval: clock.setInterval,
    setTimeout: clock.setTimeout,
    structuredClone,
});

function define(target, values, enumerable) {
    for (const [name, value] of Object.entries(values)) {
        Object.defineProperty(target, name, { value, enumerable, writable: true, configurable: true });
    }
}

/**
 * Defines the globals.
 * @param {object} target - what they become properties of
 * @param {object} host - the object `host` of the engine
 */
export function install(target, host) {
    bind(host);
    define(target, HIDDEN, false);
    define(target, SHOWN, true);
}
