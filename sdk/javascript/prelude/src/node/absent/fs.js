/**
 * `fs` over a file system that is empty and cannot be written: packages look
 * for files that may not be there, and are told that they are not.
 */
import { Buffer } from '../buffer/index.js';
import { ERR_INVALID_ARG_TYPE } from '../errors.js';
import Stream from '../stream.js';
import { validateFunction } from '../validators.js';

export const constants = {
    UV_FS_SYMLINK_DIR: 1, UV_FS_SYMLINK_JUNCTION: 2, O_RDONLY: 0, O_WRONLY: 1, O_RDWR: 2, UV_DIRENT_UNKNOWN: 0,
    UV_DIRENT_FILE: 1, UV_DIRENT_DIR: 2, UV_DIRENT_LINK: 3, UV_DIRENT_FIFO: 4, UV_DIRENT_SOCKET: 5, UV_DIRENT_CHAR: 6,
    UV_DIRENT_BLOCK: 7, S_IFMT: 61440, S_IFREG: 32768, S_IFDIR: 16384, S_IFCHR: 8192, S_IFBLK: 24576, S_IFIFO: 4096,
    S_IFLNK: 40960, S_IFSOCK: 49152, O_CREAT: 64, O_EXCL: 128, UV_FS_O_FILEMAP: 0, O_NOCTTY: 256, O_TRUNC: 512,
    O_APPEND: 1024, O_DIRECTORY: 65536, O_NOATIME: 262144, O_NOFOLLOW: 131072, O_SYNC: 1052672, O_DSYNC: 4096,
    O_DIRECT: 16384, O_NONBLOCK: 2048, S_IRWXU: 448, S_IRUSR: 256, S_IWUSR: 128, S_IXUSR: 64, S_IRWXG: 56, S_IRGRP: 32,
    S_IWGRP: 16, S_IXGRP: 8, S_IRWXO: 7, S_IROTH: 4, S_IWOTH: 2, S_IXOTH: 1, F_OK: 0, R_OK: 4, W_OK: 2, X_OK: 1,
    UV_FS_COPYFILE_EXCL: 1, COPYFILE_EXCL: 1, UV_FS_COPYFILE_FICLONE: 2, COPYFILE_FICLONE: 2,
    UV_FS_COPYFILE_FICLONE_FORCE: 4, COPYFILE_FICLONE_FORCE: 4,
};

const TEXTS = {
    ENOENT: [-2, 'no such file or directory'],
    EROFS: [-30, 'read-only file system'],
    EBADF: [-9, 'bad file descriptor'],
};

function systemError(code, syscall, path, dest) {
    const [errno, text] = TEXTS[code];
    const places = path === undefined ? '' : ` '${path}'${dest === undefined ? '' : ` -> '${dest}'`}`;
    const error = new Error(`${code}: ${text}, ${syscall}${places}`);
    Object.assign(error, { errno, code, syscall });
    if (path !== undefined) error.path = path;
    if (dest !== undefined) error.dest = dest;
    return error;
}

function pathOf(value, name = 'path') {
    if (typeof value === 'string') return value;
    if (value instanceof Uint8Array) return Buffer.from(value).toString();
    if (typeof globalThis.URL === 'function' && value instanceof globalThis.URL) return decodeURIComponent(value.pathname);
    throw ERR_INVALID_ARG_TYPE(name, ['string', 'Buffer', 'URL'], value);
}

/** Calls by the error they end in: name, or name=syscall. */
const CALLS = {
    ENOENT: `access readFile=open readdir=scandir stat lstat readlink realpath=lstat opendir statfs rmdir unlink rm=lstat
        truncate=open chmod chown lchown utimes=utime lutimes=lutime copyFile=copyfile cp=lstat rename link`,
    EROFS: 'writeFile=open appendFile=open mkdir mkdtemp symlink',
    EBADF: `close read readv write writev fchmod fchown fdatasync fstat fsync ftruncate futimes=futime`,
};
const TWO_PATHS = new Set(['copyFile', 'cp', 'rename', 'link', 'symlink']);

const fs = {};
const promises = {};

function failure(code, name, syscall, args) {
    if (code === 'EBADF') return systemError(code, syscall);
    if (typeof args[0] === 'number') return systemError('EBADF', syscall === 'open' ? name.replace(/File$/, '') : syscall);
    const dest = TWO_PATHS.has(name) ? pathOf(args[1], 'dest') : undefined;
    return systemError(code, syscall, pathOf(args[0]), dest);
}

function addCall(code, name, syscall) {
    fs[`${name}Sync`] = {
        [`${name}Sync`](...args) {
            if (name === 'rm' && args[1]?.force) return undefined;
            if (/^l?stat$/.test(name) && args[1]?.throwIfNoEntry === false) return undefined;
            throw failure(code, name, syscall, args);
        },
    }[`${name}Sync`];
    fs[name] = {
        [name](...args) {
            const callback = args.pop();
            validateFunction(callback, 'cb');
            const error = failure(code, name, syscall, args);
            queueMicrotask(() => callback(error));
        },
    }[name];
    if (code !== 'EBADF') {
        promises[name] = { async [name](...args) { throw failure(code, name, syscall, args); } }[name];
    }
}

for (const [code, list] of Object.entries(CALLS)) {
    for (const entry of list.split(/\s+/)) {
        const [name, syscall = name] = entry.split('=');
        addCall(code, name, syscall);
    }
}

/** Opening for reading finds nothing; opening for writing finds a read-only system. */
const openError = (path, flags) => systemError(/[wa+]/.test(String(flags ?? 'r')) ? 'EROFS' : 'ENOENT', 'open', pathOf(path));
fs.openSync = function openSync(path, flags) {
    throw openError(path, flags);
};
fs.open = function open(path, ...rest) {
    const callback = rest.pop();
    validateFunction(callback, 'cb');
    const error = openError(path, rest[0]);
    queueMicrotask(() => callback(error));
};
promises.open = async function open(path, flags) {
    throw openError(path, flags);
};
fs.existsSync = function existsSync() {
    return false;
};
fs.exists = function exists(path, callback) {
    validateFunction(callback, 'cb');
    queueMicrotask(() => callback(false));
};

class ReadStream extends Stream.Readable {
    constructor(path, options) {
        super(options);
        this.path = path;
        this.destroy(systemError('ENOENT', 'open', pathOf(path)));
    }
}

class WriteStream extends Stream.Writable {
    constructor(path, options) {
        super(options);
        this.path = path;
        this.destroy(systemError('EROFS', 'open', pathOf(path)));
    }
}

class Stats {}
class Dirent {}
class Dir {}
for (const [letter, kind] of [['File', 'S_IFREG'], ['Directory', 'S_IFDIR'], ['SymbolicLink', 'S_IFLNK'], ['Socket', 'S_IFSOCK'], ['FIFO', 'S_IFIFO']]) {
    Stats.prototype[`is${letter}`] = function is() { return (this.mode & constants.S_IFMT) === constants[kind]; };
}

const watcher = () => { throw systemError('ENOENT', 'watch', ''); };

Object.assign(fs, {
    createReadStream: (path, options) => new ReadStream(path, options),
    createWriteStream: (path, options) => new WriteStream(path, options),
    openAsBlob: async (path) => { throw systemError('ENOENT', 'open', pathOf(path)); },
    watch: watcher, watchFile() {}, unwatchFile() {},
    lchmod: undefined, lchmodSync: undefined,
    Dirent, Stats, Dir, ReadStream, WriteStream, FileReadStream: ReadStream, FileWriteStream: WriteStream,
    _toUnixTimestamp: Number,
    F_OK: 0, R_OK: 4, W_OK: 2, X_OK: 1,
    constants,
    promises: Object.assign(promises, { constants, watch: watcher }),
});
fs.realpath.native = fs.realpath;
fs.realpathSync.native = fs.realpathSync;

export default fs;
