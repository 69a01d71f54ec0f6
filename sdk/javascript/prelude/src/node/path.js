/** Node's `path` (POSIX): path-browserify, with the argument errors of Node 20. */
import posixPath from 'path-browserify';
import { validateObject, validateString } from './validators.js';

/** A copy of `fn` that checks its `count` leading arguments (all of them where it is Infinity). */
function checked(name, names) {
    const fn = posixPath[name];
    return {
        [name](...args) {
            if (names === 'all') args.forEach((one) => validateString(one, 'path'));
            else names.forEach((one, i) => validateString(args[i], one));
            return fn.apply(posixPath, args);
        },
    }[name];
}

const path = {
    resolve(...args) {
        for (let i = args.length - 1; i >= 0; i--) {
            validateString(args[i], `paths[${i}]`);
            if (args[i].startsWith('/')) return posixPath.resolve(...args.slice(i));
        }
        return posixPath.resolve('/', ...args);
    },
    normalize: checked('normalize', ['path']),
    isAbsolute: checked('isAbsolute', ['path']),
    join: checked('join', 'all'),
    relative: checked('relative', ['from', 'to']),
    toNamespacedPath(value) { return value; },
    dirname: checked('dirname', ['path']),
    basename(value, suffix) {
        if (suffix !== undefined) validateString(suffix, 'suffix');
        validateString(value, 'path');
        return posixPath.basename(value, suffix);
    },
    extname: checked('extname', ['path']),
    format(value) {
        validateObject(value, 'pathObject');
        const ext = value.ext ? `${value.ext[0] === '.' ? '' : '.'}${value.ext}` : '';
        const dir = value.dir || value.root;
        const base = value.base || `${value.name || ''}${ext}`;
        if (!dir) return base;
        return dir === value.root ? `${dir}${base}` : `${dir}/${base}`;
    },
    parse: checked('parse', ['path']),
    sep: '/',
    delimiter: ':',
    win32: undefined,
    posix: undefined,
};
path._makeLong = path.toNamespacedPath;
path.posix = path;
// Actions run on no file system, so that a second kind of path has no use: the names are there.
path.win32 = { ...path, sep: '\\', delimiter: ';' };
path.win32.win32 = path.win32;

export default path;
