exports.onExecutePostLogin = async (event, api) => {
    const { email, name } = event.user;
    const out = [];
    out.push(/^[^@\s]+@([^@\s]+)$/.exec(email).slice(), email.match(/(?<local>.+)@(?<host>.+)/).groups.host);
    out.push('2026-02-28'.replace(/(\d+)-(\d+)-(\d+)/, '$3.$2.$1 $& $$'), name.replace(/\b\w/g, (c, at) => c.toLowerCase() + at));
    out.push([...'a1b22c333'.matchAll(/\d+/g)].map((m) => [m[0], m.index]), 'aBc'.split(/(b)/i), /(?<=\$)\d+/.exec('cost $42')[0]);
    out.push(/^\p{Lu}/u.test('Éa'), /\p{Script=Greek}/u.test('α'), /^.$/u.test('😀'), /^.$/.test('😀'), /a.c/s.test('a\nc'));
    const sticky = /foo/y; sticky.lastIndex = 3; out.push(sticky.test('barfoo'), sticky.lastIndex);
    out.push('x'.search(/y/), /[\w.+-]+@[\w-]+\.[\w.-]+/g[Symbol.match]('a@b.co, c@d.org'), RegExp('\\d+', 'gi').flags, String(/a\/b/g));
    out.push('aaa'.lastIndexOf('a'), /(a)|(b)/.exec('b').slice(), /(?:a|ab)(?:c|bcd)(?:d*)/.exec('abcd')[0], 'ab'.replace(/(?<x>a)/, '[$<x>]'));
    out.push(/[[a-z]--[aeiou]]/v.test('b'), /^(?!.*admin).*$/.test('user'), /\u{61}/u.test('a'), /[^]/.test('\n'), 'İ'.toLowerCase().length, 'ß'.toUpperCase());
    const indices = /b(c)/d.exec('abcd').indices; out.push(indices[0], indices[1]);
    out.push(event.request.user_agent.match(/(firefox|chrome|safari)\/([\d.]+)/i)?.slice(1), email.split('@').pop().toLowerCase().endsWith('.com'));
    api.user.setAppMetadata('out', out);
};
