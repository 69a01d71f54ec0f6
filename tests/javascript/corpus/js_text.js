exports.onExecutePostLogin = async (event, api) => {
    const { name } = event.user;
    const out = ['a,b,,c'.split(','), 'abc'.split(''), 'a b  c'.split(' ', 2), name.slice(-3), name.substring(3, 1), name.substr(-4, 2), 'x'.concat(1, null), 'abcabc'.lastIndexOf('c', 4), 'é'.normalize('NFD').length, 'ﬁ'.normalize('NFKC')];
    out.push('😀é'.split(''), [...'😀é'], '😀'.length, 'abc'.charCodeAt(9), String.fromCodePoint(128512), 'ABC'.toLowerCase(), 'istanbul'.toUpperCase(), 'a-b_c d'.replace(/[-_ ](\w)/g, (_, c) => c.toUpperCase()));
    out.push('%s'.replace('%s', '$&$1'), 'aaa'.replace('a', () => 'b'), 'tab\tnew\n'.trimEnd(), 'x'.codePointAt(), `line1
line2`, String.raw`\n${1}`, 'a' < 'B', 'a'.localeCompare('b'), '10' < '9', 10 < '9', 'abc'.includes('b', 2), 'abc'.startsWith('b', 1), 'is well'.isWellFormed?.());
    out.push(encodeURIComponent(name + ' & Söhne'), parseInt('08'), parseInt(null, 36), Number('  12  '), Number('1,5'), Number(null), Number([5]), +'0b101', (12.345).toFixed(1), (1.005).toFixed(2), (1e-7).toFixed(10), (255).toString(16), (-7) % 3, 7 / 0, Math.round(-0.5), Math.max(), Math.min(...[3, 1]), Math.sign(-3), Math.trunc(-4.7), Math.hypot(3, 4), Math.cbrt(27), Math.fround(5.5), Math.clz32(1));
    out.push(typeof String(Symbol('x')), [1, [2, 3]].toString(), String([null, undefined, [1]]), String({}), `${[]}`, Math.max.toString(), [].concat([1], 2, [[3]]), Array(3).join('-'), Array.isArray(event.user.identities));
    api.user.setAppMetadata('out', out);
};
