/** `AssertionError` and the texts that it makes of two values, as Node 20 words them. */
import { inspect } from '../inspect.js';
import { validateObject } from '../validators.js';

const HEADS = {
    deepStrictEqual: 'Expected values to be strictly deep-equal:',
    strictEqual: 'Expected values to be strictly equal:',
    strictEqualObject: 'Expected "actual" to be reference-equal to "expected":',
    deepEqual: 'Expected values to be loosely deep-equal:',
    notDeepStrictEqual: 'Expected "actual" not to be strictly deep-equal to:',
    notStrictEqual: 'Expected "actual" to be strictly unequal to:',
    notStrictEqualObject: 'Expected "actual" not to be reference-equal to "expected":',
    notDeepEqual: 'Expected "actual" not to be loosely deep-equal to:',
    notIdentical: 'Values have same structure but are not reference-equal:',
};
/** Values that together are no longer are shown as "a !== b". */
const SHORT = 12;
/** Lines of a difference that are shown at most. */
const LINES = 50;
/** Lines around a difference that are shown. */
const AROUND = 2;

function show(value) {
    return inspect(value, {
        compact: false, customInspect: false, depth: 1000, maxArrayLength: Infinity, showHidden: false, showProxy: false,
        sorted: true, getters: true, breakLength: Infinity,
    });
}

const isObject = (value) => typeof value === 'object' && value !== null;

/** A mark under the first character that differs, where both values are one short line. */
function mark(actual, expected) {
    if (actual.length + expected.length >= 80) return '';
    let at = 0;
    while (actual[at] === expected[at]) at++;
    return at > 2 ? `\n  ${' '.repeat(at)}^` : '';
}

/** Takes the lines that are the same off both ends; what is shown of them. */
function commonEnd(actual, expected) {
    const taken = [];
    while (actual.length > 0 && expected.length > 0 && actual[actual.length - 1] === expected[expected.length - 1]) {
        taken.unshift(actual.pop());
        expected.pop();
    }
    return taken;
}

/** Of the lines after the last difference the next one and the last three are shown. */
function endText(taken) {
    let text = taken.slice(-3).map((line) => `\n  ${line}`).join('');
    const skipped = taken.length >= 5;
    if (skipped) text = `\n...${text}`;
    if (taken.length > 3) text = `\n  ${taken[0]}${text}`;
    return { text, skipped };
}

/** Whether two lines are the same but for a comma at the end; the line to show then. */
function sameLine(actual, expected) {
    if (actual === expected || (actual.endsWith(',') && actual.slice(0, -1) === expected)) return actual;
    return expected.endsWith(',') && expected.slice(0, -1) === actual ? expected : undefined;
}

/** The lines of both, one by one: what differs, and what is around it. */
class Difference {
    text = '';

    pending = '';

    skipped = false;

    printed = 0;

    identical = 0;

    /** Shows what came before a difference: two lines, or a gap and two lines. */
    before(lines, at) {
        const unseen = this.identical - AROUND;
        if (unseen > 0) {
            if (unseen === 3) this.add(`\n  ${lines[at - 3]}`);
            else if (unseen > 3) {
                this.text += '\n...';
                this.skipped = true;
            }
            for (let i = Math.min(unseen, AROUND); i > 0; i--) this.add(`\n  ${lines[at - i]}`);
        }
        this.identical = 0;
    }

    add(text) {
        this.text += text;
        this.printed += 1;
    }

    same(line) {
        this.text += this.pending;
        this.pending = '';
        this.identical += 1;
        if (this.identical <= AROUND) this.add(`\n  ${line}`);
    }
}

function isPair(actual, expected, kind) {
    return kind === 'strictEqual' && ((isObject(actual) && isObject(expected))
        || (typeof actual === 'function' && typeof expected === 'function'));
}

/** The text for strictEqual and deepStrictEqual. */
function difference(actual, expected, operator, message) {
    const kind = isPair(actual, expected, operator) ? 'strictEqualObject' : operator;
    const head = message || HEADS[kind];
    const whole = show(actual);
    const mine = whole.split('\n');
    const theirs = show(expected).split('\n');
    let indicator = '';
    if (mine.length === 1 && theirs.length === 1 && mine[0] !== theirs[0]) {
        if (mine[0].length + theirs[0].length <= SHORT) {
            if (!isObject(actual) && !isObject(expected) && (actual !== 0 || expected !== 0)) {
                return `${head}\n\n${mine[0]} !== ${theirs[0]}\n`;
            }
        } else if (kind !== 'strictEqualObject') indicator = mark(mine[0], theirs[0]);
    }
    const taken = commonEnd(mine, theirs);
    const count = Math.max(mine.length, theirs.length);
    if (count === 0) {
        const lines = whole.split('\n');
        if (lines.length > LINES) lines.splice(LINES - 4, Infinity, '...');
        return `${HEADS.notIdentical}\n\n${lines.join('\n')}\n`;
    }
    const end = endText(taken);
    const out = new Difference();
    const title = `${head}\n+ actual - expected`;
    for (let at = 0; at < count; at++) {
        compareLine(out, mine, theirs, at);
        if (out.printed > LINES && at < count - 2) {
            return `${title} ... Lines skipped\n${out.text}\n...${out.pending}\n...`;
        }
    }
    return `${title}${out.skipped || end.skipped ? ' ... Lines skipped' : ''}\n${out.text}${out.pending}${end.text}${indicator}`;
}

function compareLine(out, mine, theirs, at) {
    if (at >= mine.length) {
        out.before(theirs, at);
        out.pending += `\n- ${theirs[at]}`;
        out.printed += 1;
    } else if (at >= theirs.length) {
        out.before(mine, at);
        out.add(`\n+ ${mine[at]}`);
    } else {
        const same = sameLine(mine[at], theirs[at]);
        if (same !== undefined) out.same(same);
        else {
            out.before(mine, at);
            out.add(`\n+ ${mine[at]}`);
            out.pending += `\n- ${theirs[at]}`;
            out.printed += 1;
        }
    }
}

const cut = (text, length) => (text.length > length ? `${text.slice(0, length - 3)}...` : text);

/** The text for notStrictEqual and notDeepStrictEqual. */
function sameness(actual, operator) {
    const lines = show(actual).split('\n');
    const refers = operator === 'notStrictEqual' && (isObject(actual) || typeof actual === 'function');
    const head = HEADS[refers ? 'notStrictEqualObject' : operator];
    if (lines.length > LINES) lines.splice(LINES - 4, Infinity, '...');
    if (lines.length === 1) return `${head}${lines[0].length > 5 ? '\n\n' : ' '}${lines[0]}`;
    return `${head}\n\n${lines.join('\n')}\n`;
}

function comparison(actual, expected, operator) {
    const mine = show(actual);
    const theirs = show(expected);
    if (operator === 'notDeepEqual' && mine === theirs) return cut(`${HEADS.notDeepEqual}\n\n${mine}`, 1024);
    const [left, right] = [cut(mine, 512), cut(theirs, 512)];
    if (operator === 'deepEqual') return `${HEADS.deepEqual}\n\n${left}\n\nshould loosely deep-equal\n\n${right}`;
    if (operator === 'notDeepEqual') {
        return `Expected values not to be loosely deep-equal:\n\n${left}\n\nshould not loosely deep-equal\n\n${right}`;
    }
    return `${left} ${operator} ${right}`;
}

/** An error without its stack, which would differ always. */
function withoutStack(error) {
    const copy = Object.assign({ __proto__: Object.getPrototypeOf(error) }, error);
    Object.defineProperty(copy, 'message', { value: error.message });
    if (Object.hasOwn(error, 'cause')) Object.defineProperty(copy, 'cause', { value: error.cause });
    return copy;
}

function textOf({ message, operator, actual, expected }) {
    if (operator === 'deepStrictEqual' || operator === 'strictEqual') {
        const errors = actual instanceof Error && expected instanceof Error;
        return difference(errors ? withoutStack(actual) : actual, errors ? withoutStack(expected) : expected, operator, message);
    }
    if (message != null) return String(message);
    if (operator === 'notDeepStrictEqual' || operator === 'notStrictEqual') return sameness(actual, operator);
    return comparison(actual, expected, operator);
}

/** What a failed assertion throws. */
export class AssertionError extends Error {
    constructor(options) {
        validateObject(options, 'options');
        const { message, operator, actual, expected, stackStartFn } = options;
        const limit = Error.stackTraceLimit;
        super(textOf(message == null ? { ...options, message: undefined } : options));
        Error.stackTraceLimit = limit;
        this.generatedMessage = !message;
        Object.defineProperty(this, 'name', { value: 'AssertionError [ERR_ASSERTION]', enumerable: false, writable: true, configurable: true });
        this.code = 'ERR_ASSERTION';
        this.actual = actual;
        this.expected = expected;
        this.operator = operator;
        Error.captureStackTrace?.(this, stackStartFn);
        // The stack is made while the name has the code in it.
        void this.stack;
        this.name = 'AssertionError';
    }

    toString() {
        return `${this.name} [${this.code}]: ${this.message}`;
    }

    [Symbol.for('nodejs.util.inspect.custom')](depth, context) {
        return inspect(this, { ...context, customInspect: false, depth: 0 });
    }
}
