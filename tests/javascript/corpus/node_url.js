const { URL: NodeURL, parse, format, resolve } = require('url');
const querystring = require('querystring');
exports.onExecutePostLogin = async (event, api) => {
    const out = [];
    const url = new URL('/path/../other?x=1&y=a%20b&x=2#frag', 'https://user:pw@Example.com:8443');
    out.push(url.href, url.origin, url.host, url.port, url.pathname, url.search, url.hash, url.username, url.searchParams.getAll('x'), String(url), JSON.stringify({ url }));
    url.searchParams.append('ü', '€ +'); url.searchParams.delete('y'); url.pathname = '/a b'; url.hash = ''; url.port = '443'; out.push(url.href);
    const query = new URLSearchParams({ a: '1', b: 'x y' }); query.set('a', 2); query.sort(); out.push(query.toString(), [...query], query.has('b'), query.size, Object.fromEntries(query));
    out.push(new URLSearchParams('?q=1&q=2').toString(), new URLSearchParams([['k', 'v&']]).toString(), NodeURL === URL, URL.canParse?.('x:'));
    out.push(parse('https://a.example:80/p?q=1&r=2#h', true).query, parse('/just/path?x').pathname, format({ protocol: 'https', host: 'h.example', pathname: '/p', query: { a: 1 } }), resolve('https://a.example/b/c', '../d'));
    out.push(querystring.stringify({ a: ['1', '2'], b: 'ü &', c: '' }), querystring.parse('a=1&a=2&b=%20x'), encodeURIComponent("a b'ü/?"), encodeURI('https://x/ü?a b'), decodeURIComponent('%E2%9C%93'), escape('ü'), unescape('%u2713'));
    for (const wrong of [() => new URL(''), () => new URL('//x'), () => new URL('http://[::1'), () => new URL()]) {
        try { out.push(String(wrong())); } catch (error) { out.push([error.name, error.code, error.message]); }
    }
    api.user.setAppMetadata('out', out);
};
