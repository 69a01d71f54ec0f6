import assert from 'node:assert';
import { test } from 'node:test';
import { chooser, Comparison, names, nodes, ours, shown } from './support.js';

test('Every module of Node loads, and has the names of Node’s', () => {
    const inner = /^_|^(CallTracker|SourceMap|Network|lchmod|matchesGlob|duplexPair|parseArgs|domain|moduleLoadList|openStdin|assert|reallyExit|sourceMapsEnabled|getBuiltinModule|initgroups|set\w+|transferableAbort\w+|REPL_MODE\w+|isValidSyntax|builtinModules|RTLD\w+|OPENSSL\w+|SSL_\w+|TLS\w+|RSA\w+|DH_\w+|POINT\w+|ENGINE\w+|NPN\w+|ALPN\w+|EXTENSIONLESS\w+|default\w+|noDeprecation)$/;
    for (const name of names) {
        if (name === 'console') continue;
        const missing = Object.keys(nodes(name)).filter((key) => !(key in ours(name)) && !inner.test(key));
        if (!/^stream\/web$/.test(name)) assert.deepEqual(missing, [], name);
    }
});

test('path', () => {
    const comparison = new Comparison('path');
    const paths = ['', '.', '/', '//', '/a/b/c', 'a/b/../c', './x', '/a//b/', 'a.b.c', '.bashrc', '.b.c', '/a/b.txt', '../..', 'a/', '/..', 'a b', undefined, null, 1, {}];
    for (const path of paths) {
        for (const name of ['normalize', 'isAbsolute', 'dirname', 'basename', 'extname', 'parse', 'join']) {
            comparison.same(`${name} ${shown(path)}`, (p) => p[name](path));
        }
        for (const other of ['/a', 'b', '../c', '', '/a/b/d', undefined]) {
            comparison.same(`join ${shown(path)} ${other}`, (p) => p.join(path, other));
            comparison.same(`basename ${shown(path)} ${other}`, (p) => p.basename(path, other));
            comparison.same(`relative ${shown(path)} ${other}`, (p) => p.relative(`/${path}`, `/${other}`));
            comparison.same(`resolve ${shown(path)} ${other}`, (p) => p.resolve('/', path, other));
        }
    }
    for (const value of [{}, { dir: '/a', base: 'b' }, { root: '/', base: 'b' }, { root: '/', dir: '/', name: 'n', ext: 'e' }, { name: 'n', ext: '.e' }, null, 'x']) {
        comparison.same(`format ${shown(value)}`, (p) => p.format(value));
    }
    comparison.end(600);
});

test('querystring', () => {
    const comparison = new Comparison('querystring');
    for (const text of [
        '', 'a=1', 'a=1&b=2', 'a=1&a=2&a=3', 'a', 'a=', '=b', '&&a=1&', 'a=%20x', 'a=x+y', 'a=%', 'a=%E4%BD%A0', 'a=%ff', 'a[b]=c',
        '%41=%42', 'a==b', undefined, null, 5, 'x=%u1234', 'é=ü', 'a=\ud800',
    ]) {
        comparison.same(`parse ${shown(text)}`, (q) => q.parse(text));
        comparison.same(`parse with others ${shown(text)}`, (q) => q.parse(text, ';', ':'));
        comparison.same(`parse few ${shown(text)}`, (q) => q.parse(text, null, null, { maxKeys: 1 }));
        comparison.same(`unescape ${shown(text)}`, (q) => q.unescape(text));
        comparison.same(`escape ${shown(text)}`, (q) => q.escape(text));
        comparison.same(`unescapeBuffer ${shown(text)}`, (q) => q.unescapeBuffer(`${text}`).toString('hex'));
    }
    for (const value of [
        {}, { a: 1 }, { a: [1, 2] }, { a: 'x y&' }, { a: true, b: null, c: undefined, d: NaN, e: Infinity, f: {}, g: [] }, { a: 10n },
        'x', null, undefined, [1, 2], { é: 'ü' }, { a: '\ud800' }, { a: ['x', null] }, { a: "!'()*~-._" },
    ]) {
        comparison.same(`stringify ${shown(value)}`, (q) => q.stringify(value));
        comparison.same(`stringify with others ${shown(value)}`, (q) => q.stringify(value, ';', ':'));
    }
    comparison.end(150);
});

test('string_decoder: well-formed text in any pieces, malformed text as a whole', () => {
    const comparison = new Comparison('string_decoder');
    const choose = chooser(3);
    const characters = ['a', 'é', '€', '😀', '\u0000', 'ß', '漢', '👩‍👩‍👧'];
    for (let i = 0; i < 800; i++) {
        const encoding = ['utf8', 'utf16le', 'base64', 'hex', 'latin1', 'base64url'][choose(6)];
        const bytes = Buffer.from(Array.from({ length: choose(6) }, () => characters[choose(8)]).join(''), encoding === 'utf16le' ? encoding : 'utf8');
        const unit = encoding === 'utf16le' ? 2 : 1; // torn units come out in pieces of their own in Node
        const cuts = [choose(14 / unit) * unit, choose(14 / unit) * unit].sort((a, b) => a - b);
        const parts = [bytes.subarray(0, cuts[0]), bytes.subarray(...cuts), bytes.subarray(cuts[1])];
        comparison.same(`${encoding} ${bytes.toString('hex')} ${cuts}`, (s) => {
            const decoder = new s.StringDecoder(encoding);
            return [...parts.map((part) => decoder.write(part)), decoder.end()];
        });
    }
    for (let i = 0; i < 800; i++) {
        const bytes = Buffer.from(Array.from({ length: choose(12) }, () => choose(256)));
        comparison.same(`whole ${bytes.toString('hex')}`, (s) => {
            const decoder = new s.StringDecoder('utf8');
            return Array.from(bytes, (byte) => decoder.write(Buffer.from([byte]))).join('') + decoder.end();
        });
    }
    comparison.same('unknown', (s) => new s.StringDecoder('nope'));
    comparison.same('not bytes', (s) => new s.StringDecoder().write(5));
    comparison.end(1600);
});

const URLS = [
    'http://user:pass@host.com:8080/p/a/t/h?query=string#hash', 'https://x.com', '//x.com/y', '/a?b=c#d', 'a/b', 'mailto:a@b.c',
    'javascript:alert(1)', 'http://EXAMPLE.com/%7Efoo/../bar', 'http://a.b/?x=1&y=2&x=3', 'http://[::1]:80/x', 'http://x.com:abc/',
    'http://x y.com/', 'http://x.com/a b', 'http://ü.com/', 'http://a@b@c/', 'http://a.com?x', 'http://a.com#x', '', '   http://a.com  ',
    'http:', 'http://', 'file:///etc/passwd', 'ftp://x/y', 'http://x.com/{}|^`"<>', 'HTTP://x.com', 'http://x.com\\y', 'x:y',
    'http://-a.com', 'http://a_b.com', 'http://a..b', 'http://x.com/?q[a]=1', 'http://x.com/?', 'http://x.com/#', 'tel:+123',
    'http://a.com:80', 'http://127.0.0.1:3000/cb?code=1', 'http://a.com/;b', 'http://x.com/é', 'urn:a:b', undefined, null, 5, {},
];

test('url', () => {
    const comparison = new Comparison('url');
    for (const url of URLS) {
        comparison.same(`parse ${shown(url)}`, (u) => u.parse(url));
        comparison.same(`parse query ${shown(url)}`, (u) => u.parse(url, true).query);
        comparison.same(`parse host ${shown(url)}`, (u) => u.parse(url, false, true));
        comparison.same(`format ${shown(url)}`, (u) => u.format(url));
        for (const to of ['../x', '/y', '?z', '#w', '//h/p', 'http://o.com/', '', '.', 'a/./b/../c']) {
            comparison.same(`resolve ${shown(url)} ${to}`, (u) => u.resolve(url, to));
        }
    }
    for (const value of [
        { protocol: 'https', hostname: 'x.com', pathname: '/a', query: { b: [1, 2], c: 'd e' } }, { host: 'x.com:1', search: 'q=1', hash: 'h' },
        { slashes: true, hostname: 'x' }, { auth: 'a:b', host: 'h' }, { pathname: 'a?b#c' }, {}, { hostname: '::1', protocol: 'http:' },
    ]) comparison.same(`format ${shown(value)}`, (u) => u.format(value));
    for (const options of [{}, { auth: false }, { fragment: false }, { search: false }, { unicode: true }]) {
        comparison.same(`format URL ${shown(options)}`, (u) => u.format(new URL('https://u:p@xn--tda.com:81/p?q#f'), options));
    }
    for (const path of ['/a/b', '/a b#c?d%', '/x/', '/é', 5]) comparison.same(`pathToFileURL ${path}`, (u) => u.pathToFileURL(path).href);
    for (const url of ['file:///a%20b', 'file:///a%2fb', 'file://host/x', 'http://x', 5]) comparison.same(`fileURLToPath ${url}`, (u) => u.fileURLToPath(url));
    comparison.same('urlToHttpOptions', (u) => u.urlToHttpOptions(new URL('https://a:b@[::1]:99/p?q#h')));
    comparison.end(500);
});

test('events', () => {
    const comparison = new Comparison('events');
    const plain = () => {};
    const cases = [
        (E) => {
            const [e, out] = [new E(), []];
            e.on('a', (x) => out.push(`1${x}`)).prependListener('a', (x) => out.push(`0${x}`)).once('a', (x) => out.push(`o${x}`));
            return [e.emit('a', 5), e.emit('a', 6), out, e.eventNames(), e.listenerCount('a'), e.emit('none')];
        },
        (E) => new E().emit('error'), (E) => new E().emit('error', new TypeError('t')), (E) => new E().emit('error', 'str'),
        (E) => new E().emit('error', { a: 1 }), (E) => new E().on('x'), (E) => new E().on('x', 5), (E) => new E().setMaxListeners(-1),
        (E) => new E().setMaxListeners('a'), (E) => E.defaultMaxListeners, (E) => new E(), (E) => Object.keys(E.prototype),
        (E) => {
            class A extends E {}
            function B() { E.call(this); }
            Object.setPrototypeOf(B.prototype, E.prototype);
            const b = new B();
            b.on('q', plain);
            return [new A(), b.listenerCount('q'), b];
        },
        (E) => {
            const [e, out] = [new E(), []];
            e.on('newListener', (name, fn) => out.push(name, typeof fn)).on('removeListener', (name) => out.push(`r${name}`));
            e.on('z', plain).off('z', plain).once('y', plain).emit('y');
            e.on('w', plain).removeAllListeners('w').removeAllListeners();
            return [out, e.eventNames()];
        },
        (E) => {
            const [e, out] = [new E(), []];
            const second = () => out.push(2);
            e.on('a', () => { out.push(1); e.off('a', second); }).on('a', second);
            e.emit('a');
            e.emit('a');
            return out;
        },
        (E) => {
            const [e, out] = [new E(), []];
            e.on(E.errorMonitor, (x) => out.push(`m${x}`)).on('error', (x) => out.push(x)).emit('error', 'q');
            return out;
        },
        (E) => E.getEventListeners(new E(), 'x'), (E) => E.name + E.length, (E) => E.EventEmitter === E,
    ];
    for (const fn of cases) comparison.same(fn.toString(), fn);
    comparison.end(cases.length);
});

test('net knows addresses, and nothing else', () => {
    const comparison = new Comparison('net');
    for (const address of [
        '1.2.3.4', '256.1.1.1', '1.2.3', '01.2.3.4', '::1', '::', '1::2::3', 'fe80::1%eth0', '::ffff:1.2.3.4', '1:2:3:4:5:6:7:8', '1:2:3:4:5:6:7',
        'g::', '', null, undefined, 1, {}, '1.2.3.4 ', '::1.2.3.256', '1:2:3:4:5:6:1.2.3.4', '1.2.3.4.',
    ]) for (const name of ['isIP', 'isIPv4', 'isIPv6']) comparison.same(`${name} ${address}`, (n) => n[name](address));
    comparison.same('BlockList', (n) => {
        const list = new n.BlockList();
        list.addAddress('1.2.3.4');
        list.addRange('10.0.0.1', '10.0.0.10');
        list.addSubnet('192.168.0.0', 16);
        list.addSubnet('8592:757c:efae:4e45::', 64, 'ipv6');
        const asked = [['1.2.3.4'], ['1.2.3.5'], ['10.0.0.5'], ['10.0.0.11'], ['192.168.4.4'], ['::ffff:1.2.3.4', 'ipv6'], ['8592:757c:efae:4e45:1::', 'ipv6']];
        return [asked.map((args) => list.check(...args)), list.rules];
    });
    comparison.end(60);
    assert.throws(() => ours('net').connect(80), { code: 'ERR_FEATURE_UNAVAILABLE_ON_PLATFORM', message: /^net\.connect is not available in actions/ });
});

test('fs is empty and read-only', async () => {
    const fs = ours('fs');
    assert.equal(fs.existsSync('/etc/passwd'), false);
    for (const name of ['readFileSync', 'statSync', 'readdirSync', 'accessSync']) {
        const theirs = (() => { try { nodes('fs')[name]('/not/there'); } catch (error) { return error; } return undefined; })();
        assert.throws(() => fs[name]('/not/there'), (error) => shown({ ...error }) === shown({ ...theirs }) && error.message === theirs.message, name);
    }
    await assert.rejects(fs.promises.readFile('/x'), { code: 'ENOENT', errno: -2, syscall: 'open', path: '/x' });
    assert.throws(() => fs.writeFileSync('/x', ''), { message: "EROFS: read-only file system, open '/x'" });
});
