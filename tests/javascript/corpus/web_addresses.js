// URL and URLSearchParams: parsing, setters, errors.
const urls = ['https://user:pa%20ss@ExAmple.com:8443/a/../b/./c?x=1&y=%20#frag', 'http://a', 'http://a?', 'http://a:80/', 'https://[::1]:3000/x', 'http://127.1/', 'http://münchen.de/ä?ö=ü#ß', 'mailto:x@y.z', 'file:///etc/passwd', 'data:text/plain,hi', 'foo://bar/baz?q', 'foo:/bar//baz', 'http://u@h/', 'http://:p@h/', 'blob:https://a.b/uuid', 'http://a/%zz%20 "<>', 'nope', '//x', 'http://', 'http://a b/', 'http://a:99999/', 'https://a/?a=b c&d=é'];
const properties = ['href', 'origin', 'protocol', 'username', 'password', 'host', 'hostname', 'port', 'pathname', 'search', 'hash'];
const tried = (work) => {
    try {
        return work();
    } catch ({ name, message, code, input, base }) {
        return { name, message, code, input, base };
    }
};

exports.onExecutePostLogin = async (event, api) => {
    api.user.setAppMetadata('parts', urls.map((url) => tried(() => properties.map((name) => new URL(url)[name]))));
    api.user.setAppMetadata('relative', ['x', '../x', '/x', '?q', '#h', '//h/x', 'https:x', ''].map((url) => tried(() => new URL(url, 'https://a.b/c/d?e#f').href)));
    api.user.setAppMetadata('errors', [() => new URL(), () => new URL('x', 'y'), () => new URL(undefined), () => { new URL('http://x/').href = 'foo'; }, () => new URLSearchParams([['a']]), () => new URLSearchParams('a').get(), () => new URLSearchParams('a').append('a'), () => URL.canParse('x')].map(tried));
    const url = new URL('https://a.b/c?x=1&x=2&y=a+b%20c');
    const seen = [[...url.searchParams]];
    url.searchParams.append('z', 'ä&=');
    seen.push(url.href);
    url.searchParams.delete('x');
    seen.push(`${url}`);
    for (const [name, value] of [['protocol', 'http'], ['protocol', 'foo'], ['host', 'x.y:81'], ['hostname', 'z'], ['port', ''], ['pathname', 'a b/ü'], ['search', 'q=1&é'], ['hash', 'h h'], ['username', 'me@'], ['password', 'p:w'], ['search', '']]) {
        url[name] = value;
        seen.push(url.href);
    }
    seen.push(JSON.stringify({ url }), [...url.searchParams]);
    api.user.setAppMetadata('changes', seen);
    api.user.setAppMetadata('parameters', ['a=1&b=2', '?a=1', 'a&b=&=c&&d', 'a=%zz&b=%E4&c=%C3%A4&d=+x', { a: 1, b: [1, 2], c: null, d: undefined }, [['a', 1]], new Map([['m', 'n']]), null, 5].map((init) => [[...new URLSearchParams(init)], `${new URLSearchParams(init)}`]));
    const parameters = new URLSearchParams('b=2&a=1&b=3');
    parameters.set('b', 'x');
    parameters.append('c', "!'()~*-._ +é");
    parameters.sort();
    api.user.setAppMetadata('sorted', [`${parameters}`, parameters.getAll('b'), parameters.has('a', '1'), parameters.size, [...parameters.keys()]]);
};
