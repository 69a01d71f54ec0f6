/** The table that `console.table` draws. */
import { inspect } from './inspect.js';

const LEFT = '│ ';
const INNER = ' │ ';
const RIGHT = ' │';

function row(cells, widths) {
    return LEFT + cells.map((cell, i) => cell + ' '.repeat(widths[i] - width(cell))).join(INNER) + RIGHT;
}

/** Columns that a text takes; wide characters take two. */
function width(text) {
    let total = 0;
    for (const character of text.normalize('NFC')) {
        const point = character.codePointAt(0);
        if (/\p{Mark}/u.test(character)) continue;
        const wide = (point >= 0x1100 && point <= 0x115f) || (point >= 0x2e80 && point <= 0xa4cf)
            || (point >= 0xac00 && point <= 0xd7a3) || (point >= 0xf900 && point <= 0xfaff)
            || (point >= 0xff00 && point <= 0xff60) || (point >= 0x1f300 && point <= 0x1faff);
        total += wide ? 2 : 1;
    }
    return total;
}

function draw(head, columns) {
    const longest = Math.max(0, ...columns.map((column) => column.length));
    const rows = Array.from({ length: longest }, (_, i) => columns.map((column) => column[i] ?? ''));
    const widths = head.map((title, i) => Math.max(width(title), ...rows.map((cells) => width(cells[i]))));
    const rule = widths.map((n) => '─'.repeat(n + 2));
    return [
        `┌${rule.join('┬')}┐`,
        row(head, widths),
        `├${rule.join('┼')}┤`,
        ...rows.map((cells) => row(cells, widths)),
        `└${rule.join('┴')}┘`,
    ].join('\n');
}

function show(value, top = true) {
    const depth = value !== null && typeof value === 'object' && !Array.isArray(value) && Object.keys(value).length > 2 ? -1 : 0;
    return inspect(value, { maxArrayLength: 3, breakLength: Infinity, depth: top ? depth : 0 });
}

function tableOfMap(map) {
    const keys = [];
    const values = [];
    for (const [key, value] of map) {
        keys.push(show(key));
        values.push(show(value));
    }
    return draw(['(iteration index)', 'Key', 'Values'], [keys.map((_, i) => `${i}`), keys, values]);
}

function tableOfSet(set) {
    const values = [...set].map((value) => show(value));
    return draw(['(iteration index)', 'Values'], [values.map((_, i) => `${i}`), values]);
}

/** The text of the table. */
export function renderTable(data, chosen) {
    if (data instanceof Map) return tableOfMap(data);
    if (data instanceof Set) return tableOfSet(data);
    const columns = { __proto__: null };
    const values = [];
    let hasPrimitives = false;
    const indexes = Object.keys(data);
    for (const [i, index] of indexes.entries()) {
        const item = data[index];
        const primitive = item === null || (typeof item !== 'function' && typeof item !== 'object');
        if (primitive) {
            hasPrimitives = true;
            values[i] = show(item);
            continue;
        }
        for (const key of chosen ?? Object.keys(item)) {
            columns[key] ??= [];
            if (Object.hasOwn(item, key)) columns[key][i] = show(item[key]);
            else columns[key][i] ??= '';
        }
    }
    const head = ['(index)', ...Object.keys(columns)];
    const body = [indexes, ...Object.values(columns)];
    if (hasPrimitives) {
        head.push('Values');
        body.push(values);
    }
    return draw(head, body);
}
