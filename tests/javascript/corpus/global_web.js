exports.onExecutePostLogin = async (event, api) => {
    const out = [];
    const encoder = new TextEncoder();
    out.push([...encoder.encode('é😀')], new TextDecoder().decode(new Uint8Array([0xe2, 0x9c, 0x93])), new TextDecoder('utf-8', { fatal: false }).decode(new Uint8Array([0xff])), encoder.encoding);
    try { new TextDecoder('utf-8', { fatal: true }).decode(new Uint8Array([0xff])); } catch (error) { out.push(error.name); }
    const controller = new AbortController();
    controller.signal.addEventListener('abort', () => out.push('aborted'), { once: true });
    controller.abort(); controller.abort();
    out.push(controller.signal.aborted, controller.signal.reason.name, controller.signal.reason.message);
    try { controller.signal.throwIfAborted(); } catch (error) { out.push(error.name); }
    const timeout = AbortSignal.timeout(2); setTimeout(() => {}, 50); await new Promise((resolve) => { timeout.onabort = resolve; }); out.push(timeout.reason.name, timeout.reason.message, AbortSignal.any([timeout]).aborted, AbortSignal.abort('why').reason);
    const headers = new Headers({ 'Content-Type': 'a', x: '1' }); headers.append('X', '2'); headers.set('b', 'c'); headers.delete('b'); out.push([...headers], headers.get('x'), headers.has('Content-type'));
    const response = new Response(JSON.stringify({ a: 1 }), { status: 201, headers: { 'content-type': 'application/json' } }); out.push(response.ok, response.status, response.clone().headers.get('content-type'), await response.json(), response.bodyUsed);
    try { await response.text(); } catch (error) { out.push(error.name); }
    const request = new Request('https://example.com/a?b#c', { method: 'post', body: new URLSearchParams({ q: '1' }), headers: { accept: '*/*' } }); out.push(request.method, request.url, await request.text(), request.headers.get('content-type'));
    const form = new FormData(); form.append('a', '1'); form.append('file', new Blob(['x'], { type: 'text/plain' }), 'f.txt'); out.push([...form.keys()], form.get('a'), form.get('file').name, await form.get('file').text());
    const blob = new Blob(['ab', new Uint8Array([99])]); out.push(blob.size, await blob.text(), (await blob.slice(1).arrayBuffer()).byteLength);
    const copy = structuredClone({ d: new Date(0), m: new Map([[1, new Set([2])]]), e: new RangeError('r'), b: new Uint8Array([1]) }); out.push(copy.d.getTime(), [...copy.m.get(1)], copy.e.name, copy.b[0]);
    try { structuredClone(() => 1); } catch (error) { out.push(error.name); }
    const target = new EventTarget(); target.addEventListener('x', ({ type, detail }) => out.push(type, detail ?? 'none')); target.dispatchEvent(new Event('x'));
    out.push(typeof performance.now(), typeof fetch, typeof setTimeout, typeof queueMicrotask, Object.keys(process.env).length, typeof process.version, typeof window, typeof global, typeof require, typeof WebSocket === 'undefined' || 'has one');
    api.user.setAppMetadata('out', out);
};
