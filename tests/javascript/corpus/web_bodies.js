// Headers, Request, Response, Blob, FormData, streams: what they hold and what they refuse.
const outcome = async (work) => {
    try {
        return await work();
    } catch ({ name, message, code }) {
        return { name, message, code };
    }
};
const all = async (...works) => {
    const found = [];
    for (const work of works) found.push((await outcome(work)) ?? null);
    return found;
};

exports.onExecutePostLogin = async (event, api) => {
    const headers = new Headers({ 'X-B': '1', a: ' x ' });
    headers.append('x-b', '2');
    headers.append('Set-Cookie', 'a=1');
    headers.append('set-cookie', 'b=2');
    api.user.setAppMetadata('headers', [[...headers], headers.get('X-B'), headers.get('nope'), headers.getSetCookie()]);
    api.user.setAppMetadata('refused', await all(
        () => new Headers({ 'a b': 'x' }), () => new Headers({ a: 'x\ny' }), () => new Headers({ a: '€' }), () => new Headers(3), () => new Headers([['a']]), () => headers.get(), () => headers.append('a'),
        () => new Response('', { status: 99 }), () => new Response('x', { status: 204 }), () => Response.json(), () => Response.redirect('/x'), () => new Response('').json(), () => new Response('x').formData(),
        () => new Request('x'), () => new Request('http://u:p@x/'), () => new Request('http://x', { body: 'x' }), () => new Request('http://x', { method: 'a b' }), () => new Request('http://x', { method: 'TRACE' }), () => new Request('http://x', { signal: 3 }), () => new Request('http://x', { redirect: 'x' }),
        () => new FormData({}), () => new FormData().append('x'), () => new FormData().append('x', 'y', 'z'), () => new Blob('x'),
        async () => { const r = new Response('x'); await r.text(); return r.text(); }, async () => { const r = new Response('x'); await r.text(); return r.clone(); },
    ));
    const response = new Response('héllo', { status: 201, statusText: 'Made', headers: { a: 'b' } });
    const copy = response.clone();
    const chunks = [];
    for await (const chunk of new Response('streamed').body) chunks.push(...chunk);
    const upper = new TransformStream({ transform: (chunk, controller) => controller.enqueue(chunk.toUpperCase()) });
    const texts = [];
    for await (const text of new Response('äöü').body.pipeThrough(new TextDecoderStream()).pipeThrough(upper)) texts.push(text);
    api.user.setAppMetadata('responses', [response.status, response.statusText, response.ok, response.type, response.url, [...response.headers], await response.text(), response.bodyUsed, [...new Uint8Array(await copy.arrayBuffer())], chunks, texts, await Response.json({ a: 1 }, { status: 202 }).json(), Response.redirect('http://x/y', 301).headers.get('location'), await new Response(new URLSearchParams('a=b c')).text()]);
    const request = new Request('http://x/y#z', { method: 'post', body: '{"a":1}', headers: { 'Content-Type': 'application/json' } });
    const again = new Request(request.clone(), { headers: { q: '1' } });
    api.user.setAppMetadata('requests', [request.method, request.url, [...request.headers], request.redirect, request.credentials, await request.json(), again.method, [...again.headers], await again.text()]);
    const form = new FormData();
    form.append('a', 1);
    form.append('a', 'two\nlines');
    form.append('f', new Blob(['zz'], { type: 'x/y' }), 'n.txt');
    form.append('g', new File(['q'], 'q.bin'));
    const sent = new Response(form);
    const boundary = sent.headers.get('content-type').split('=')[1];
    const text = await sent.text();
    const back = await new Response(form).formData();
    api.user.setAppMetadata('forms', [boundary.length, text.replaceAll(boundary, 'B'), [...back.keys()], back.getAll('a'), await back.get('f').text(), back.get('f').type, back.get('f').name]);
};
