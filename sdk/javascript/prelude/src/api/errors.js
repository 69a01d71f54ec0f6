// What was thrown, as the run's result says it.

function read(thrown, name) {
    try {
        const value = thrown[name];
        return value === undefined ? '' : String(value);
    } catch {
        return '';
    }
}

function textOf(thrown) {
    try {
        return String(thrown);
    } catch {
        return Object.prototype.toString.call(thrown);
    }
}

/** Name, message and stack of what was thrown. What is no error becomes the text of one. */
export function errorOf(thrown) {
    if (thrown instanceof Error) {
        const stack = read(thrown, 'stack');
        const error = { name: read(thrown, 'name') || 'Error', message: read(thrown, 'message') };
        if (stack !== '') error.stack = stack;
        return error;
    }
    return { name: 'Error', message: thrown ? textOf(thrown) : 'Unknown error' };
}
