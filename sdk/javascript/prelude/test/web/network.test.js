// The same requests, by Node and by ours, to one server: what callers see must be the same.

import assert from 'node:assert/strict';
import nodeHttp from 'node:http';
import test, { after, before } from 'node:test';

import { calls, host } from './fake_host.js';
import { run } from './loop.js';

const node = {
    ...globalThis,
    fetch,
    AbortController,
    AbortSignal,
    FormData,
    Blob,
    URLSearchParams,
    Headers,
    Request,
    URL,
    setTimeout,
};
const { install } = await import('../../src/web/index.js');
const { http } = await import('../../src/web/http.js');
const ours = {};
install(ours, host);

let server;
let base;
const TRANSPORT = /^(host|connection|content-length|accept|accept-.*|sec-.*|user-agent|transfer-encoding)$/i;

before(async () => {
    server = nodeHttp.createServer(async (request, response) => {
        const chunks = [];
        for await (const chunk of request) chunks.push(chunk);
        if (request.url === '/redirect') return response.writeHead(302, { location: '/x' }).end();
        if (request.url === '/loop') return response.writeHead(302, { location: '/loop' }).end();
        if (request.url === '/hang') return undefined;
        if (request.url === '/cut') return request.socket.destroy();
        if (request.url === '/empty') return response.writeHead(204).end();
        if (request.url === '/binary') return response.end(Buffer.from([0xff, 0, 0xfe]));
        if (request.url === '/missing')
            return response.writeHead(404, { 'content-type': 'application/json' }).end('{"no":1}');
        response.setHeader('set-cookie', ['a=1', 'b=2']);
        response.setHeader('x-a', ['1', '2']);
        response.setHeader('content-type', 'application/json');
        const headers = Object.entries(request.headers).filter(([name]) => !TRANSPORT.test(name));
        const body = Buffer.concat(chunks)
            .toString()
            .replace(/formdata-undici-\d+/g, 'B');
        const { 'content-type': type, ...rest } = Object.fromEntries(headers);
        response.end(
            JSON.stringify({ method: request.method, url: request.url, type: type?.replace(/-\d+$/, ''), rest, body }),
        );
    });
    await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
    base = `http://127.0.0.1:${server.address().port}`;
});
after(() => {
    server.closeAllConnections();
    server.close();
});

const requests = {
    get: (g) => g.fetch(base),
    query: (g) => g.fetch(new g.URL('/p?q=1#f', base)),
    'post text': (g) => g.fetch(base, { method: 'POST', body: 'hé' }),
    'post nothing': (g) => g.fetch(base, { method: 'POST' }),
    'post JSON': (g) =>
        g.fetch(base, {
            method: 'post',
            body: JSON.stringify({ a: 1 }),
            headers: { 'Content-Type': 'application/json', 'X-Y': 'z' },
        }),
    'post parameters': (g) => g.fetch(base, { method: 'POST', body: new g.URLSearchParams({ a: 'b c' }) }),
    'post bytes': (g) => g.fetch(base, { method: 'PUT', body: new Uint8Array([104, 105]) }),
    'post an object': (g) => g.fetch(base, { method: 'PATCH', body: { a: 1 } }),
    'post a form': (g) => {
        const form = new g.FormData();
        form.append('a', 'b');
        form.append('f', new g.Blob(['zz']), 'n.txt');
        return g.fetch(base, { method: 'POST', body: form });
    },
    'a request': (g) =>
        g.fetch(new g.Request(base, { method: 'DELETE', headers: new g.Headers({ a: 'b' }) }), { headers: { c: 'd' } }),
    missing: (g) => g.fetch(`${base}/missing`),
    empty: (g) => g.fetch(`${base}/empty`),
    follow: (g) => g.fetch(`${base}/redirect`),
    manual: (g) => g.fetch(`${base}/redirect`, { redirect: 'manual' }),
    'redirect refused': (g) => g.fetch(`${base}/redirect`, { redirect: 'error' }),
    'redirects for ever': (g) => g.fetch(`${base}/loop`),
    'headers of the connection': (g) => g.fetch(base, { headers: { Connection: 'close' } }),
    timeout: (g) => g.fetch(`${base}/hang`, { signal: g.AbortSignal.timeout(20) }),
    abort: (g) => {
        const controller = new g.AbortController();
        g.setTimeout(() => controller.abort(), 20);
        return g.fetch(`${base}/hang`, { signal: controller.signal });
    },
    'abort with a reason': (g) => {
        const controller = new g.AbortController();
        g.setTimeout(() => controller.abort(new RangeError('mine')), 20);
        return g.fetch(`${base}/hang`, { signal: controller.signal });
    },
};

async function seen(work) {
    try {
        const response = await work();
        const { status, statusText, ok, type, redirected, url } = response;
        const headers = [...response.headers].filter(
            ([name]) => !/^(date|connection|keep-alive|transfer-encoding|content-length)$/.test(name),
        );
        return { status, statusText, ok, type, redirected, url, headers, body: await response.text() };
    } catch (error) {
        const { name, message, code, cause } = error;
        return { name, message, code, cause: cause && { message: cause.message, code: cause.code } };
    }
}

for (const [name, request] of Object.entries(requests)) {
    test(`fetch: ${name}`, async () => {
        assert.deepEqual(await run(() => seen(() => request(ours))), await seen(() => request(node)));
    });
}

test('fetch: binary answers, and bodies that are read only once', async () => {
    await run(async () => {
        const response = await ours.fetch(`${base}/binary`);
        const copy = response.clone();
        assert.deepEqual(new Uint8Array(await response.arrayBuffer()), new Uint8Array([0xff, 0, 0xfe]));
        await assert.rejects(() => response.text(), { message: 'Body is unusable: Body has already been read' });
        assert.equal((await copy.blob()).size, 3);
        assert.throws(() => copy.headers.set('a', 'b'), { message: 'immutable' });
    });
});

test('fetch: a connection that breaks', async () => {
    const error = await run(() => ours.fetch(`${base}/cut`).catch((thrown) => thrown));
    assert.equal(error.message, 'fetch failed');
    assert.equal(error.cause.code, 'UND_ERR_SOCKET');
});

test('fetch: what the host is asked for', async () => {
    const before = calls.length;
    await run(() =>
        ours.fetch(`${base}/#f`, {
            method: 'POST',
            body: 'x',
            headers: { Host: 'a', 'Accept-Encoding': 'gzip', Q: '1' },
        }),
    );
    const [{ headers, ...call }] = calls.slice(before);
    assert.deepEqual(call, {
        type: 'http.fetch',
        method: 'POST',
        url: `${base}/`,
        redirect: 'follow',
        timeout_ms: 300000,
        body: { text: 'x' },
    });
    assert.deepEqual(headers, [
        ['Q', '1'],
        ['content-type', 'text/plain;charset=UTF-8'],
        ['accept', '*/*'],
        ['accept-language', '*'],
        ['sec-fetch-mode', 'cors'],
        ['user-agent', 'node'],
    ]);
});

test('timers: a timer that was overtaken by an answer keeps its order', async () => {
    const order = await run(async () => {
        const list = [];
        ours.setTimeout(() => list.push('early'), 60);
        await ours.fetch(base);
        ours.setTimeout(() => list.push('late'), 90);
        await new Promise((resolve) => ours.setTimeout(resolve, 130));
        return list;
    });
    assert.deepEqual(order, ['early', 'late']);
});

test('timers: polling does not keep an answer from coming', async () => {
    await run(async () => {
        let done = false;
        ours.fetch(base).then(() => (done = true));
        while (!done) await new Promise((resolve) => ours.setTimeout(resolve, 0));
    });
});

function exchange(module, send) {
    return new Promise((resolve) => {
        const events = [];
        const request = send(module, (response) => {
            const chunks = [];
            response.on('data', (chunk) => chunks.push(chunk));
            response.on('end', () => {
                const { statusCode, statusMessage, headers, httpVersion, complete } = response;
                const {
                    date,
                    connection,
                    'keep-alive': keep,
                    'transfer-encoding': transfer,
                    'content-length': length,
                    ...rest
                } = headers;
                events.push({
                    statusCode,
                    statusMessage,
                    rest,
                    httpVersion,
                    complete,
                    body: `${Buffer.concat(chunks)}`,
                });
            });
        });
        for (const name of ['socket', 'finish', 'timeout', 'abort']) request.on(name, () => events.push(name));
        request.on('error', ({ name, message, code }) => events.push({ name, message, code }));
        request.on('close', () => resolve(events));
    });
}

const exchanges = {
    get: (module, then) => module.get(base, then),
    'get with options': (module, then) => module.get(`${base}/p?q=1`, { headers: { A: 'b', c: ['d', 'e'] } }, then),
    post: (module, then) => {
        const { hostname, port } = new URL(base);
        const request = module.request(
            { hostname, port, path: '/z', method: 'POST', auth: 'a:b', headers: { 'Content-Type': 'x/y' } },
            then,
        );
        request.write('he');
        request.write(Buffer.from('ll'));
        request.end('o');
        return request;
    },
    redirect: (module, then) => module.get(`${base}/redirect`, then),
    empty: (module, then) => module.get(`${base}/empty`, then),
    refused: (module, then) => module.get('http://127.0.0.1:59998/', then),
    unknown: (module, then) => module.get('http://nope.invalid/', then),
    destroyed: (module, then) => {
        const request = module.get(`${base}/hang`, then);
        request.on('error', () => {});
        setTimeout(() => request.destroy(), 20);
        return request;
    },
    'destroyed with an error': (module, then) => {
        const request = module.get(`${base}/hang`, { timeout: 20 }, then);
        request.on('timeout', () => request.destroy(new Error('mine')));
        return request;
    },
    aborted: (module, then) => module.get(`${base}/hang`, { signal: AbortSignal.timeout(20) }, then),
    'not read': (module) => module.get(base),
};

for (const [name, send] of Object.entries(exchanges)) {
    test(`http: ${name}`, async () => {
        const wanted = await exchange(nodeHttp, send);
        const got = await run(() => {
            const held = ours.setInterval(() => {}, 20);
            return exchange(http, send).finally(() => ours.clearInterval(held));
        });
        // Node tells of errors of connecting before the request is written, and a request that failed is not finished.
        const failed = wanted.some((event) => event.code);
        const kept = (events) => (failed ? events.filter((event) => event !== 'finish') : events);
        assert.deepEqual(kept(got), kept(wanted));
    });
}

test('http: arguments', () => {
    const all = [
        (module) => module.request('foo://x'),
        (module) => module.request('https://x'),
        (module) => module.request({ path: 'a b' }),
        (module) => module.request({ method: 'a b' }),
        (module) => module.request({ method: 3 }),
        (module) => module.request({ headers: { 'a b': 1 } }),
        (module) => module.request({ headers: { a: undefined } }),
        (module) => module.request({ headers: { a: 'x\n' } }),
        (module) => module.request('foo'),
        (module) => module.request({ hostname: 3 }),
    ];
    for (const work of all) {
        const outcomes = [nodeHttp, http].map((module) => {
            try {
                work(module).on('error', () => {});
                return 'sent';
            } catch ({ name, message, code }) {
                return { name, message, code };
            }
        });
        assert.deepEqual(outcomes[1], outcomes[0]);
    }
});
