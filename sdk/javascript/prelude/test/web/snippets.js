// What is run on Node's globals and on ours; `g` are the globals.

const { Buffer } = globalThis;

const urls = [
    'https://user:pa%20ss@ExAmple.com:8443/a/../b/./c?x=1&y=%20#frag',
    'http://a',
    'http://a?',
    'http://a#',
    'http://a:80/',
    'https://[::1]:3000/x',
    'http://127.1/',
    'http://münchen.de/ä?ö=ü#ß',
    'mailto:x@y.z',
    'file:///etc/passwd',
    'data:text/plain,hi',
    'foo://bar/baz?q',
    'foo:/bar//baz',
    'javascript:alert(1)',
    'http://u@h/',
    'http://:p@h/',
    'blob:https://a.b/uuid',
    'http://a/%zz%20 "<>',
    'http://x/\u{1f600}',
    'nope',
    '//x',
    'http://',
    'http://a b/',
    'http://a:99999/',
    'https://a/?a=b c&d=é',
];
const properties = [
    'href',
    'origin',
    'protocol',
    'username',
    'password',
    'host',
    'hostname',
    'port',
    'pathname',
    'search',
    'hash',
];
const view = (url) => Object.fromEntries(properties.map((name) => [name, url[name]]));

const fails =
    (...works) =>
    () =>
        works.map((work) => attempt(work));
function attempt(work) {
    try {
        return { value: work() };
    } catch (error) {
        return { name: error.name, message: error.message, code: error.code };
    }
}
async function attemptAsync(work) {
    try {
        return { value: await work() };
    } catch (error) {
        return {
            name: error?.name,
            message: error?.message,
            code: error?.code,
            cause: error?.cause && {
                message: error.cause.message,
                code: error.cause.code,
                keys: Object.keys(error.cause),
            },
        };
    }
}
async function attemptAll(...works) {
    const results = [];
    for (const work of works) results.push(await attemptAsync(work));
    return results;
}

export const snippets = {
    'URL: parts': (g) => urls.map((url) => attempt(() => view(new g.URL(url)))),
    'URL: relative': (g) =>
        ['x', '../x', '/x', '?q', '#h', '//h/x', 'https:x', ''].map((url) =>
            attempt(() => new g.URL(url, 'https://a.b/c/d?e#f').href),
        ),
    'URL: errors': (g) =>
        fails(
            () => new g.URL('x'),
            () => new g.URL(),
            () => new g.URL('x', 'y'),
            () => new g.URL('/x', undefined).href,
            () => (new g.URL('http://x/').href = 'foo'),
            () => new g.URL(undefined),
            () => new g.URL(null, 'http://a/').href,
        )(),
    'URL: error fields': (g) => {
        try {
            return new g.URL('x', 'y');
        } catch (error) {
            return { ...error, text: String(error) };
        }
    },
    'URL: setters': (g) => {
        const url = new g.URL('https://a.b/c');
        const seen = [];
        const sets = [
            ['protocol', 'http'],
            ['protocol', 'foo'],
            ['host', 'x.y:81'],
            ['hostname', 'z'],
            ['port', '443'],
            ['port', ''],
            ['pathname', 'a b/ü'],
            ['search', 'q=1&é'],
            ['search', ''],
            ['hash', 'h h'],
            ['hash', ''],
            ['username', 'me@'],
            ['password', 'p:w'],
        ];
        for (const [name, value] of sets) {
            url[name] = value;
            seen.push(url.href);
        }
        return seen;
    },
    'URL: searchParams': (g) => {
        const url = new g.URL('https://a.b/c?x=1&x=2&y=a+b%20c');
        const seen = [[...url.searchParams], url.searchParams === url.searchParams];
        url.searchParams.append('z', 'ä&=');
        seen.push(url.href);
        url.searchParams.delete('x');
        seen.push(url.href);
        url.search = '?n=1';
        seen.push([...url.searchParams]);
        url.searchParams.delete('n');
        seen.push(url.href);
        return seen;
    },
    'URL: as text': (g) => {
        const url = new g.URL('https://a.b/c');
        return [
            `${url}`,
            JSON.stringify({ url }),
            g.URL.canParse('x'),
            g.URL.canParse('http://x'),
            Object.prototype.toString.call(url),
        ];
    },
    'URLSearchParams: from everything': (g) =>
        [
            'a=1&b=2',
            '?a=1',
            '',
            'a&b=&=c&&d',
            'a=%zz&b=%E4&c=%C3%A4&d=+x',
            { a: 1, b: [1, 2], c: null, d: undefined },
            [
                ['a', 1],
                ['b', true],
            ],
            new Map([['m', 'n']]),
            new g.URLSearchParams('x=y'),
            null,
            undefined,
            5,
        ].map((init) => {
            const params = new g.URLSearchParams(init);
            return [[...params], params.toString(), params.size];
        }),
    'URLSearchParams: methods': (g) => {
        const p = new g.URLSearchParams('b=2&a=1&b=3');
        const seen = [p.get('b'), p.get('z'), p.getAll('b'), p.has('a'), p.has('b', '3'), p.has('b', '9')];
        p.set('b', 'x');
        seen.push(`${p}`);
        p.append('c', "!'()~*-._ +é");
        seen.push(`${p}`);
        p.sort();
        seen.push([...p.keys()], [...p.values()]);
        p.forEach((value, name) => seen.push(`${name}:${value}`));
        p.delete('b', 'nope');
        p.delete('a');
        seen.push(p.toString(), p.size);
        return seen;
    },
    'URLSearchParams: errors': (g) =>
        fails(
            () => new g.URLSearchParams([['a']]),
            () => new g.URLSearchParams([1]),
            () => new g.URLSearchParams('a').get(),
            () => new g.URLSearchParams('a').append('a'),
            () => new g.URLSearchParams('a').set('a'),
            () => new g.URLSearchParams('a').has(),
            () => new g.URLSearchParams({ [Symbol.iterator]: 3 }),
        )(),
    'text: encode and decode': (g) => [
        new g.TextEncoder().encode('aé€😀\ud800'),
        new g.TextEncoder().encode(),
        new g.TextEncoder().encodeInto('é😀', new Uint8Array(4)),
        new g.TextDecoder().decode(new Uint8Array([0xef, 0xbb, 0xbf, 0x61, 0xff, 0xe2, 0x82])),
        new g.TextDecoder('utf8', { ignoreBOM: true }).decode(new Uint8Array([0xef, 0xbb, 0xbf, 0x61])).length,
        new g.TextDecoder('latin1').decode(new Uint8Array([0x61, 0xe4])),
        new g.TextDecoder('utf-16le').decode(new Uint8Array([0x61, 0, 0x3d, 0xd8, 0, 0xde])),
        new g.TextDecoder(' UTF-8 ').encoding,
        new g.TextDecoder('ascii').encoding,
        new g.TextDecoder().decode(new Uint16Array([0x6161]).buffer),
        new g.TextDecoder().decode(),
        ['utf-8'].map((label) => {
            const decoder = new g.TextDecoder(label);
            const bytes = new g.TextEncoder().encode('x€y😀');
            return (
                [...bytes].map((byte) => decoder.decode(new Uint8Array([byte]), { stream: true })).join('') +
                decoder.decode()
            );
        }),
    ],
    'text: errors': (g) =>
        fails(
            () => new g.TextDecoder('x'),
            () => new g.TextDecoder('utf-8', { fatal: true }).decode(new Uint8Array([255])),
            () => new g.TextDecoder().decode('x'),
        )(),
    base64: (g) =>
        fails(
            ...['', 'YQ==', 'YQ', ' Y W J j ', 'YWI=', 'a', '*', 'YQ=', '=', 'YWJj', 'AAECAwQF/+8='].map(
                (text) => () => g.atob(text),
            ),
            ...['', 'a', 'ab', 'abc', '\xff\xfe', '€'].map((text) => () => g.btoa(text)),
            () => g.btoa(),
            () => g.atob(),
            () => g.btoa(null),
        )(),
    structuredClone: (g) => {
        const cyclic = {
            a: [1, , 3],
            d: new Date(5),
            r: /x/gi,
            m: new Map([[{ k: 1 }, new Set([1])]]),
            n: null,
            u: undefined,
            b: 5n,
        };
        cyclic.self = cyclic;
        const copy = g.structuredClone(cyclic);
        const error = g.structuredClone(new RangeError('x', { cause: 'y' }));
        class Foo {
            x = 1;
            get y() {
                return 2;
            }
        }
        return [
            copy.self === copy,
            copy.a,
            copy.a.length,
            1 in copy.a,
            copy.d.getTime(),
            String(copy.r),
            [...copy.m.keys()],
            [...[...copy.m.values()][0]],
            'u' in copy,
            String(copy.b),
            [error.name, error.message, error.cause, error instanceof RangeError],
            g.structuredClone(new Foo()),
            Object.getPrototypeOf(g.structuredClone(new Foo())) === Object.prototype,
            g.structuredClone(new Uint8Array([1, 2, 3]).subarray(1)),
            g.structuredClone(Object(5)) + 1,
            new Uint8Array(g.structuredClone(new Uint8Array([9]).buffer)),
            g.structuredClone('x'),
        ];
    },
    'structuredClone: errors': (g) =>
        fails(
            () => g.structuredClone(() => {}),
            () => g.structuredClone({ a: { b: function foo() {} } }),
            () => g.structuredClone({ a: Symbol('x') }),
            () => g.structuredClone(new Promise(() => {})),
            () => g.structuredClone(new WeakMap()),
            () => g.structuredClone(),
        )(),
    DOMException: (g) => {
        const e = new g.DOMException('m', 'AbortError');
        return [
            e.name,
            e.message,
            e.code,
            String(e),
            e instanceof Error,
            e instanceof g.DOMException,
            new g.DOMException().name,
            new g.DOMException('x', { name: 'N', cause: 3 }).cause,
            g.DOMException.ABORT_ERR,
            e.TIMEOUT_ERR,
            g.DOMException.TYPE_MISMATCH_ERR,
            g.DOMException.DATA_CLONE_ERR,
            g.DOMException.INVALID_CHARACTER_ERR,
            e.stack.split('\n')[0],
            Object.keys(e),
        ];
    },
    events: (g) => {
        const seen = [];
        const target = new g.EventTarget();
        const listener = (event) => seen.push([event.type, event.target === target, event instanceof g.Event]);
        target.addEventListener('x', listener);
        target.addEventListener('x', listener);
        target.addEventListener('x', { handleEvent: (e) => seen.push(e.detail) }, { once: true });
        target.addEventListener('y', (e) => e.preventDefault());
        seen.push(target.dispatchEvent(new g.Event('x')));
        seen.push(target.dispatchEvent(new g.Event('x')));
        target.removeEventListener('x', listener);
        seen.push(target.dispatchEvent(new g.Event('x')));
        seen.push(target.dispatchEvent(new g.Event('y', { cancelable: true })));
        target.addEventListener('z', (e) => e.stopImmediatePropagation());
        target.addEventListener('z', () => seen.push('not reached'));
        target.dispatchEvent(new g.Event('z'));
        return seen;
    },
    'events: errors': (g) =>
        fails(
            () => new g.EventTarget().dispatchEvent({}),
            () => new g.EventTarget().addEventListener('x'),
            () => new g.EventTarget().addEventListener('x', 3),
            () => new g.Event(),
        )(),
    abort: async (g) => {
        const seen = [];
        const controller = new g.AbortController();
        const { signal } = controller;
        signal.onabort = (event) => seen.push(['on', event.type]);
        signal.addEventListener('abort', () => seen.push('listener'));
        const any = g.AbortSignal.any([signal, new g.AbortController().signal]);
        any.addEventListener('abort', () => seen.push(['any', any.reason === signal.reason]));
        seen.push(signal.aborted, signal.reason);
        controller.abort();
        controller.abort('again');
        seen.push(
            signal.aborted,
            signal.reason.name,
            signal.reason.message,
            any.aborted,
            g.AbortSignal.abort(3).reason,
        );
        const timeout = g.AbortSignal.timeout(5);
        await new Promise((resolve) => {
            timeout.onabort = resolve;
            g.setTimeout(() => {}, 100);
        });
        seen.push(timeout.reason.name, timeout.reason.message, timeout.reason.code);
        return seen;
    },
    'abort: errors': (g) =>
        fails(
            () => new g.AbortSignal(),
            () => g.AbortSignal.timeout('x'),
            () => g.AbortSignal.timeout(-1),
            () => g.AbortSignal.timeout(1.5),
            () => g.AbortSignal.timeout(),
            () => g.AbortSignal.any(3),
            () => g.AbortSignal.any([3]),
            () => g.AbortSignal.abort().throwIfAborted(),
            () => g.AbortSignal.abort(new RangeError('mine')).throwIfAborted(),
        )(),
    'timers: order': async (g) => {
        const seen = [];
        const say = (what) => () => seen.push(what);
        g.setTimeout(say('t30'), 30);
        g.setTimeout(say('t10'), 10);
        g.setTimeout(say('t10b'), 10);
        g.setTimeout(say('t0'), 0);
        g.setTimeout(say('t1'), 1);
        g.setTimeout(say('tneg'), -5);
        g.setTimeout(say('tNaN'), 'x');
        g.queueMicrotask(say('micro'));
        Promise.resolve().then(say('promise'));
        const cleared = g.setTimeout(say('never'), 5);
        g.clearTimeout(cleared);
        g.clearTimeout(undefined);
        g.clearTimeout(null);
        g.clearTimeout(12345);
        await new Promise((resolve) => g.setTimeout(resolve, 45));
        return seen;
    },
    'timers: arguments and numbers': async (g) => {
        const seen = [];
        g.setTimeout((...args) => seen.push(args), 2, 1, 'b');
        const id = Number(g.setTimeout(() => seen.push('never'), 2));
        g.clearTimeout(id);
        const text = `${g.setTimeout(() => seen.push('never'), 2)}`;
        g.clearTimeout(text);
        const t = g.setTimeout(() => {}, 3);
        seen.push(t.hasRef(), t.unref() === t, t.hasRef(), t.ref() === t, typeof t.refresh, id > 0);
        await new Promise((resolve) => g.setTimeout(resolve, 10));
        return seen;
    },
    'timers: interval': async (g) => {
        const seen = [];
        await new Promise((resolve) => {
            const interval = g.setInterval(
                (what) => {
                    seen.push(what);
                    if (seen.length === 3) {
                        g.clearInterval(interval);
                        resolve();
                    }
                },
                3,
                'tick',
            );
        });
        await new Promise((resolve) => g.setTimeout(resolve, 10));
        return seen;
    },
    'timers: immediates': async (g) => {
        const seen = [];
        await new Promise((resolve) => {
            g.setImmediate(() => {
                seen.push('i1');
                g.setImmediate(() => {
                    seen.push('i3');
                    resolve();
                });
                Promise.resolve().then(() => seen.push('p'));
            });
            g.setImmediate(() => seen.push('i2'));
            const cleared = g.setImmediate(() => seen.push('never'));
            g.clearImmediate(cleared);
        });
        return seen;
    },
    'timers: errors': (g) =>
        fails(
            () => g.setTimeout('x'),
            () => g.setTimeout(),
            () => g.setImmediate({}),
            () => g.setInterval(null),
            () => g.queueMicrotask(3),
            () => g.queueMicrotask(class Foo {}.prototype),
            () => g.setTimeout(Symbol('a')),
            () => g.setTimeout(5n),
        )(),
    headers: (g) => {
        const h = new g.Headers({ 'X-B': '1', a: ' x ' });
        h.append('x-b', '2');
        h.append('Set-Cookie', 'a=1');
        h.append('set-cookie', 'b=2');
        h.set('N', 5);
        const seen = [[...h], h.get('X-B'), h.get('nope'), h.has('A'), h.getSetCookie(), h.get('set-cookie')];
        h.delete('a');
        h.forEach((value, name) => seen.push([name, value]));
        seen.push(
            [...new g.Headers([['q', 'r']])],
            [...new g.Headers(h).keys()],
            [...new g.Headers(new Map([['k', 'v']]))],
        );
        seen.push(Object.prototype.toString.call(h));
        return seen;
    },
    'headers: errors': (g) =>
        fails(
            () => new g.Headers({ 'a b': 'x' }),
            () => new g.Headers({ a: 'x\ny' }),
            () => new g.Headers({ a: '€' }),
            () => new g.Headers(3),
            () => new g.Headers(null),
            () => new g.Headers([['a']]),
            () => new g.Headers().get(),
            () => new g.Headers().append('a'),
            () => new g.Headers().set('a b', 'c'),
            () => new g.Headers().get('a b'),
            () => new g.Headers([['a', Symbol('x')]]),
            () => [...new g.Headers({ a: undefined, b: null, c: 1 })],
        )(),
    'blob and file': async (g) => {
        const blob = new g.Blob(['aé', new Uint8Array([98]), new g.Blob(['c']), 5], { type: 'Text/Plain' });
        const file = new g.File(['x'], 'n.txt', { type: 't', lastModified: 7 });
        return [
            blob.size,
            blob.type,
            await blob.text(),
            await blob.slice(0, 1).text(),
            await blob.slice(-1).text(),
            new Uint8Array(await blob.arrayBuffer()),
            file.name,
            file.lastModified,
            file instanceof g.Blob,
            await new g.Response(blob.stream()).text(),
        ];
    },
    'blob: errors': (g) =>
        fails(
            () => new g.Blob('x'),
            () => new g.Blob(3),
            () => new g.File(['x']),
        )(),
    'form data': async (g) => {
        const f = new g.FormData();
        f.append('a', 1);
        f.append('a', 'two');
        f.append('f', new g.Blob(['zz'], { type: 'x/y' }), 'n.txt');
        f.append('g', new g.Blob(['q']));
        f.set('b', 'x');
        const seen = [
            f.get('a'),
            f.getAll('a'),
            f.has('z'),
            f.get('z'),
            [...f.keys()],
            f.get('f').name,
            f.get('g').name,
            f.get('f') instanceof g.File,
        ];
        f.set('a', 'only');
        f.delete('b');
        seen.push([...f.keys()]);
        const response = new g.Response(f);
        const type = response.headers.get('content-type');
        const text = await response.text();
        const boundary = type.slice('multipart/form-data; boundary='.length);
        seen.push(boundary.length, text.replaceAll(boundary, 'B'));
        const back = await new g.Response(f).formData();
        seen.push(back.get('a'), await back.get('f').text(), back.get('f').type, back.get('f').name);
        const form = await new g.Response(new g.URLSearchParams('x=y&z=1')).formData();
        seen.push([...form]);
        return seen;
    },
    'form data: errors': async (g) => [
        ...fails(
            () => new g.FormData({}),
            () => new g.FormData().append('x'),
            () => new g.FormData().append('x', 'y', 'z'),
            () => new g.FormData().get(),
        )(),
        await attemptAsync(() => new g.Response('x').formData()),
    ],
    response: async (g) => {
        const r = new g.Response('héllo', { status: 201, statusText: 'Made', headers: { a: 'b' } });
        const copy = r.clone();
        const seen = [
            r.status,
            r.statusText,
            r.ok,
            r.type,
            r.url,
            r.redirected,
            r.bodyUsed,
            [...r.headers],
            r.body !== null,
        ];
        seen.push(await r.text(), r.bodyUsed, copy.bodyUsed, new Uint8Array(await copy.arrayBuffer()));
        seen.push(await g.Response.json({ a: 1 }, { status: 202 }).json(), [...g.Response.json([]).headers]);
        seen.push(g.Response.redirect('http://x/y', 301).headers.get('location'), g.Response.error().type);
        seen.push(new g.Response().body, await new g.Response().text(), new g.Response(null, { status: 204 }).ok);
        seen.push(
            await new g.Response(new Uint8Array([104, 105])).text(),
            await new g.Response(new g.URLSearchParams('a=b c')).text(),
        );
        const chunks = [];
        for await (const chunk of new g.Response('streamed').body) chunks.push(...chunk);
        seen.push(chunks);
        const reader = new g.Response('xy').body.getReader();
        const first = await reader.read();
        seen.push([first.done, first.value], (await reader.read()).done);
        const blob = await new g.Response('b', { headers: { 'content-type': 'a/b' } }).blob();
        seen.push(blob.type, blob.size);
        seen.push(await new g.Response('\ufeff{"a":1}').json());
        return seen;
    },
    'response: errors': async (g) => [
        ...fails(
            () => new g.Response('', { status: 99 }),
            () => new g.Response('x', { status: 204 }),
            () => g.Response.json(),
            () => g.Response.redirect('http://x', 200),
            () => g.Response.redirect('/x'),
        )(),
        ...(await attemptAll(
            () => new g.Response('{a').json(),
            () => new g.Response('').json(),
            async () => {
                const r = new g.Response('x');
                await r.text();
                return r.text();
            },
            async () => {
                const r = new g.Response('x');
                await r.text();
                return r.clone();
            },
        )),
    ],
    request: async (g) => {
        const r = new g.Request('http://x/y#z', {
            method: 'post',
            body: JSON.stringify({ a: 1 }),
            headers: { 'Content-Type': 'application/json' },
        });
        const again = new g.Request(r.clone(), { headers: { q: '1' } });
        return [
            r.method,
            r.url,
            [...r.headers],
            r.redirect,
            r.credentials,
            r.cache,
            r.mode,
            r.signal instanceof g.AbortSignal,
            await r.json(),
            r.bodyUsed,
            again.method,
            [...again.headers],
            await again.text(),
            new g.Request('http://x', { method: 'patch' }).method,
            [...new g.Request('http://x', { method: 'PUT', body: new g.URLSearchParams('a=b') }).headers],
        ];
    },
    'request: errors': (g) =>
        fails(
            () => new g.Request(),
            () => new g.Request('x'),
            () => new g.Request('http://u:p@x/'),
            () => new g.Request('http://x', { body: 'x' }),
            () => new g.Request('http://x', { method: 'a b' }),
            () => new g.Request('http://x', { method: 'TRACE' }),
            () => new g.Request('http://x', { signal: 3 }),
            () => new g.Request('http://x', { redirect: 'x' }),
            () => new g.Request('http://x', { credentials: 'x' }),
            () => new g.Request('http://x', 3),
            () => new g.Request('http://x', { method: 'POST', body: new g.ReadableStream() }),
        )(),
    streams: async (g) => {
        const seen = [];
        const upper = new g.TransformStream({
            transform: (chunk, controller) => controller.enqueue(chunk.toUpperCase()),
        });
        const source = new g.ReadableStream({
            start(controller) {
                controller.enqueue('a');
                controller.enqueue('b');
                controller.close();
            },
        });
        for await (const chunk of source.pipeThrough(upper)) seen.push(chunk);
        const texts = new g.Response('äöü').body.pipeThrough(new g.TextDecoderStream());
        for await (const chunk of texts) seen.push(chunk);
        const [one, two] = new g.Response('t').body.tee();
        seen.push(await new g.Response(one).text(), await new g.Response(two).text());
        return seen;
    },
    'message channel': async (g) => {
        const { port1, port2 } = new g.MessageChannel();
        const message = await new Promise((resolve) => {
            port2.onmessage = (event) => resolve(event.data);
            port1.postMessage({ a: [1] });
        });
        port1.close();
        return message;
    },
    'fetch: arguments': (g) =>
        attemptAll(
            () => g.fetch('/foo'),
            () => g.fetch(),
            () => g.fetch('http://x/', { body: 'x' }),
            () => g.fetch('http://127.0.0.1:9/'),
            () => g.fetch('foo://x'),
            () => g.fetch('http://u:p@x/'),
            () => g.fetch('http://x/', { headers: { 'a b': 'x' } }),
            () => g.fetch('http://x/', { signal: g.AbortSignal.abort() }),
            () => g.fetch('http://127.0.0.1:59999/'),
            () => g.fetch('http://nope.invalid/'),
            async () => (await g.fetch('data:text/plain;base64,aGk=')).text(),
            async () => (await g.fetch('data:,h%20i')).headers.get('content-type'),
        ),
};
void Buffer;
