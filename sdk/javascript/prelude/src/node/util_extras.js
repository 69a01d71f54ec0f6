/** The lesser parts of `util`. */
import { inspect } from './inspect.js';
import os from './os.js';
import { validateOneOf, validateString } from './validators.js';

/** Names of Linux' error numbers. */
export const errorNames = Object.fromEntries(Object.entries(os.constants.errno).map(([name, number]) => [number, name]));
errorNames[11] = 'EAGAIN';
errorNames[95] = 'ENOTSUP';

const LINE = /^\s*(?:export\s+)?([\w.-]+)(?:\s*=\s*?|:\s+?)(\s*'(?:\\'|[^'])*'|\s*"(?:\\"|[^"])*"|\s*`(?:\\`|[^`])*`|[^#\r\n]+)?\s*(?:#.*)?$/gm;

/** The text of an .env file as an object. */
export function parseEnv(content) {
    validateString(content, 'content');
    const out = {};
    for (const [, key, raw = ''] of content.replace(/\r\n?/g, '\n').matchAll(LINE)) {
        const value = raw.trim();
        const quote = /^(['"`])[\s\S]*\1$/.exec(value)?.[1];
        const bare = quote ? value.slice(1, -1) : value;
        out[key] = quote === '"' ? bare.replace(/\\n/g, '\n') : bare;
    }
    return out;
}

/** Text between the escape sequences of a colour or style; the text alone, as there is no terminal that asks. */
export function styleText(format, text, { validateStream = true } = {}) {
    validateString(text, 'text');
    const styles = Array.isArray(format) ? format : [format];
    let left = '';
    let right = '';
    for (const style of styles) {
        const codes = inspect.colors[style];
        if (codes === undefined) validateOneOf(style, 'format', Object.keys(inspect.colors));
        left += `\u001b[${codes[0]}m`;
        right = `\u001b[${codes[1]}m${right}`;
    }
    return validateStream ? text : `${left}${text}${right}`;
}
