/** `fetch`. */

import { Content } from './body.js';
import { decodeContent } from './content_encoding.js';
import { answered, Headers, raw } from './headers.js';
import { fetchCause } from './network_errors.js';
import { Request, requestContent, requestSignal } from './request.js';
import { respond } from './response.js';
import { answerBytes, send } from './send.js';
import { percentBytes } from './url_search_params.js';
import { URL } from './url.js';
import { atob } from './text.js';

/** Sent when the caller does not say otherwise, as Node sends it. */
const DEFAULTS = [
    ['accept', '*/*'],
    ['accept-language', '*'],
    ['sec-fetch-mode', 'cors'],
    ['user-agent', 'node'],
];
/** Ports that the fetch standard refuses and that something else may listen on. */
const BAD_PORTS = new Set(
    (
        '1 7 9 11 13 15 17 19 20 21 22 23 25 37 42 43 53 69 77 79 87 95 101 102 103 104 109 110 111 113 115 117 119 123 ' +
        '135 137 139 143 161 179 389 427 465 512 513 514 515 526 530 531 532 540 548 554 556 563 587 601 636 989 990 ' +
        '993 995 1719 1720 1723 2049 3659 4045 4190 5060 5061 6000 6566 6665 6666 6667 6668 6669 6679 6697 10080'
    )
        .split(' ')
        .map(String),
);

const failed = (cause) => new TypeError('fetch failed', { cause });

function dataResponse(url) {
    const found = /^data:([^,]*),(.*)$/s.exec(url.href.replace(/#.*$/s, ''));
    if (!found) throw failed(new Error('invalid data: URL'));
    const base64 = /;\s*base64\s*$/i.test(found[1]);
    let bytes = percentBytes(found[2]);
    if (base64) bytes = Uint8Array.from(atob(String.fromCharCode(...bytes)), (letter) => letter.charCodeAt(0));
    const given = base64 ? found[1].replace(/;\s*base64\s*$/i, '') : found[1];
    const type = given === '' ? 'text/plain;charset=US-ASCII' : given.startsWith(';') ? `text/plain${given}` : given;
    const content = new Content({ bytes });
    const headers = new Headers({ 'content-type': type });
    return respond({ status: 200, statusText: 'OK', url: url.href, redirected: false, headers, content });
}

/** The headers as they are sent: the caller's, then ours. */
function sentHeaders(request) {
    const list = [];
    const names = new Set();
    for (const pair of raw(request.headers)) {
        const name = pair[0].toLowerCase();
        names.add(name);
        // The host is asked for plain bodies: undoing a compression costs the run more than it saves on the way.
        if (name !== 'accept-encoding') list.push(pair);
    }
    for (const pair of DEFAULTS) if (!names.has(pair[0])) list.push(pair);
    return list;
}

async function exchange(request) {
    const url = new URL(request.url);
    if (url.protocol === 'data:') return dataResponse(url);
    if (url.protocol !== 'http:' && url.protocol !== 'https:') throw failed(new Error('unknown scheme'));
    if (BAD_PORTS.has(url.port)) throw failed(new Error('bad port'));
    url.hash = '';
    const source = requestContent(request);
    const text = source?.text;
    const bytes = source && text === undefined ? await source.read() : undefined;
    if (source) source.used = true;
    const { method, redirect } = request;
    const answer = await send({ method, url: url.href, headers: sentHeaders(request), text, bytes, redirect });
    if (!answer || answer.error) throw failed(fetchCause(answer?.error ?? { code: 'protocol', message: '' }, url));
    const content = new Content({ signal: requestSignal(request) });
    const headers = answered(answer.headers ?? []);
    const codings = headers.get('content-encoding');
    if (codings !== null && codings !== 'identity') content.bytes = decodeContent(codings, answerBytes(answer.body));
    else if (answer.body?.base64 === undefined) content.text = answer.body?.text ?? '';
    else content.bytes = answerBytes(answer.body);
    return respond({
        status: answer.status,
        statusText: answer.status_text ?? '',
        url: answer.url ?? url.href,
        redirected: answer.url !== undefined && answer.url !== url.href,
        headers,
        content,
    });
}

/** Settles as `work` does, or is rejected as soon as the signal is aborted. */
function unlessAborted(signal, work) {
    return new Promise((resolve, reject) => {
        signal.addEventListener('abort', () => reject(signal.reason), { once: true });
        work.then(resolve, reject);
    });
}

/**
 * Sends a request.
 * @param {string | URL | Request} input
 * @param {object} [init]
 * @returns {Promise<Response>}
 */
export async function fetch(input, init = undefined) {
    const request = new Request(input, init);
    const signal = requestSignal(request);
    if (!signal) return exchange(request);
    if (signal.aborted) throw signal.reason;
    return unlessAborted(signal, exchange(request));
}
