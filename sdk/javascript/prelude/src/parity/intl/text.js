// Intl.Collator, ListFormat, RelativeTimeFormat, Segmenter, DisplayNames and Locale.

import { localized } from './number.js';
import { canonical, dataOf, option, optionsOf, publish, resolve } from './locale.js';
import { category } from './plural.js';

// The order of ICU's root collation; what is not here comes after it, by its code.
const marks = '_-,;:!?.\'"()[]{}@*/\\&#%`^+<=>|~$';
const ranks = new Map([...' \t\n\r'].map((one, at) => [one, at]).concat([...marks].map((one, at) => [one, 10 + at])));

function rank(letter) {
    const known = ranks.get(letter);
    if (known !== undefined) return known;
    if (letter >= '0' && letter <= '9') return 100 + letter.charCodeAt(0) - 48;
    return 200 + letter.codePointAt(0);
}

const special = { ß: 's\u0335s', æ: 'ae', Æ: 'AE', ø: 'o\u0338', Ø: 'O\u0338', đ: 'd\u0335', Đ: 'D\u0335', ł: 'l\u0335', Ł: 'L\u0335' };

function elements(text) {
    const made = [];
    for (const letter of text.normalize('NFD').replace(/[ßæÆøØđĐłŁ]/g, (one) => special[one])) {
        if (/\p{M}/u.test(letter)) {
            if (made.length > 0) made.at(-1).accents += letter;
            continue;
        }
        const lower = letter.toLowerCase();
        made.push({ letter: lower, upper: lower !== letter, accents: '' });
    }
    return made;
}

const simple = /^[ -~]*$/;

function compareNumbers(one, other) {
    const [a, b] = [one.replace(/^0+(?=\d)/, ''), other.replace(/^0+(?=\d)/, '')];
    if (a.length !== b.length) return a.length - b.length;
    return a < b ? -1 : a > b ? 1 : 0;
}

function primary(a, b, self) {
    let i = 0;
    let j = 0;
    while (i < a.length && j < b.length) {
        if (self.numeric && /\d/.test(a[i].letter) && /\d/.test(b[j].letter)) {
            const run = (list, from) => {
                let to = from;
                while (to < list.length && /\d/.test(list[to].letter)) to++;
                return to;
            };
            const [ends, endsOther] = [run(a, i), run(b, j)];
            const digits = (list, from, to) => list.slice(from, to).map((one) => one.letter).join('');
            const order = compareNumbers(digits(a, i, ends), digits(b, j, endsOther));
            if (order !== 0) return order;
            [i, j] = [ends, endsOther];
            continue;
        }
        const order = rank(a[i].letter) - rank(b[j].letter);
        if (order !== 0) return order;
        i++;
        j++;
    }
    return a.length - i - (b.length - j);
}

function compareTexts(first, second, self) {
    if (first === second) return 0;
    const skip = (text) => (self.ignorePunctuation ? text.replace(/[\p{P}\s]/gu, '') : text);
    const [a, b] = [elements(skip(first)), elements(skip(second))];
    const order = primary(a, b, self);
    if (order !== 0) return order < 0 ? -1 : 1;
    if (self.sensitivity === 'base') return 0;
    const least = Math.min(a.length, b.length);
    const accented = self.sensitivity !== 'case' && !(simple.test(first) && simple.test(second));
    for (let at = 0; accented && at < least; at++) {
        if (a[at].accents !== b[at].accents) return a[at].accents < b[at].accents ? -1 : 1;
    }
    if (self.sensitivity === 'accent') return 0;
    for (let at = 0; at < least; at++) {
        if (a[at].upper !== b[at].upper) return a[at].upper === (self.caseFirst === 'upper') ? -1 : 1;
    }
    return 0;
}

const state = new WeakMap();

function collation(locales, given) {
    const options = optionsOf(given);
    const tag = String(Array.isArray(locales) ? locales[0] : locales);
    return {
        locale: resolve(locales),
        usage: option(options, 'usage', ['sort', 'search'], 'sort', 'Intl.Collator'),
        sensitivity: option(options, 'sensitivity', ['base', 'accent', 'case', 'variant'], 'variant', 'Intl.Collator'),
        ignorePunctuation: Boolean(options.ignorePunctuation),
        collation: 'default',
        numeric: options.numeric === undefined ? /-u-.*kn(?!-false)/.test(tag) : Boolean(options.numeric),
        caseFirst: option(options, 'caseFirst', ['upper', 'lower', 'false'], 'false', 'Intl.Collator'),
    };
}

const plainCollation = collation();

/** What `localeCompare` gives. */
export function compared(first, second, locales, options) {
    return compareTexts(first, second, locales === undefined && options === undefined ? plainCollation : collation(locales, options));
}

/** The class. */
export const Collator = publish(
    function Collator(locales, options) {
        const made = new.target === undefined ? Object.create(Collator.prototype) : this;
        state.set(made, collation(locales, options));
        return made;
    },
    'Collator',
);

Object.defineProperties(Collator.prototype, {
    compare: {
        get() {
            const self = state.get(this);
            return (self.bound ??= (first, second) => compareTexts(String(first), String(second), self));
        },
        configurable: true,
    },
    resolvedOptions: {
        value: function resolvedOptions() {
            const { bound, ...shown } = state.get(this);
            return shown;
        },
        configurable: true, writable: true,
    },
});

/** The class. */
export const ListFormat = publish(
    class ListFormat {
        constructor(locales, given) {
            const options = optionsOf(given);
            state.set(this, {
                locale: resolve(locales),
                type: option(options, 'type', ['conjunction', 'disjunction', 'unit'], 'conjunction', 'Intl.ListFormat'),
                style: option(options, 'style', ['long', 'short', 'narrow'], 'long', 'Intl.ListFormat'),
            });
        }

        formatToParts(list) {
            const { locale, type, style } = state.get(this);
            const [pair, start, middle, end] = dataOf(locale).list[type[0] + style[0]];
            const items = Array.from(list === undefined ? [] : list, (item) => {
                if (typeof item !== 'string') throw new TypeError('Iterable yielded a non-String value');
                return item;
            });
            const parts = [];
            for (const [at, value] of items.entries()) {
                if (at > 0) {
                    const last = at === items.length - 1;
                    const literal = items.length === 2 ? pair : last ? end : at === 1 ? start : middle;
                    parts.push({ type: 'literal', value: literal });
                }
                parts.push({ type: 'element', value });
            }
            return parts;
        }

        format(list) {
            return this.formatToParts(list).map((part) => part.value).join('');
        }

        resolvedOptions() {
            return { ...state.get(this) };
        }
    },
    'ListFormat',
);

const spans = ['second', 'minute', 'hour', 'day', 'week', 'month', 'quarter', 'year'];

/** The class. */
export const RelativeTimeFormat = publish(
    class RelativeTimeFormat {
        constructor(locales, given) {
            const options = optionsOf(given);
            state.set(this, {
                locale: resolve(locales),
                style: option(options, 'style', ['long', 'short', 'narrow'], 'long', 'Intl.RelativeTimeFormat'),
                numeric: option(options, 'numeric', ['always', 'auto'], 'always', 'Intl.RelativeTimeFormat'),
                numberingSystem: 'latn',
            });
        }

        formatToParts(value, unit) {
            const { locale, style, numeric } = state.get(this);
            const number = Number(value);
            const span = String(unit).replace(/s$/, '');
            if (!spans.includes(span)) throw new RangeError(`Invalid unit argument for Intl.RelativeTimeFormat.prototype.format() '${unit}'`);
            if (!Number.isFinite(number)) throw new RangeError('Invalid time value');
            const words = dataOf(locale).relative;
            const [past, future, spoken] = words[style[0] + span] ?? words[`l${span}`];
            if (numeric === 'auto' && spoken[number] !== undefined) return [{ type: 'literal', value: spoken[number] }];
            const size = Math.abs(number);
            const kind = category(locale.split('-')[0], size);
            const forms = number < 0 || Object.is(number, -0) ? past : future;
            const form = forms[kind === 'one' ? 0 : kind === 'few' || kind === 'two' ? 1 : 2];
            const [before, after] = form.split('{0}');
            const parts = [];
            if (before !== '') parts.push({ type: 'literal', value: before });
            if (after !== undefined) parts.push({ type: 'integer', value: localized(size, locale), unit: span });
            if (after) parts.push({ type: 'literal', value: after });
            return parts;
        }

        format(value, unit) {
            return this.formatToParts(value, unit).map((part) => part.value).join('');
        }

        resolvedOptions() {
            return { ...state.get(this) };
        }
    },
    'RelativeTimeFormat',
);

const cluster = String.raw`\r\n|\p{RI}\p{RI}|\p{Emoji}(?:\p{EMod}|\uFE0F\u20E3?|[\u{E0020}-\u{E007F}]+)?(?:\u200D\p{Emoji}(?:\p{EMod}|\uFE0F)?)*\p{M}*|.\p{M}*`;
const cuts = {
    grapheme: new RegExp(cluster, 'gsu'),
    word: new RegExp(String.raw`[\p{L}\p{N}\p{M}_]+(?:['’.][\p{L}\p{N}\p{M}_]+)*|[^\S\r\n]+|${cluster}`, 'gsu'),
    sentence: /[^.!?。！？]*(?:[.!?]+(?=[^\s.!?])[^.!?。！？]*)*[.!?。！？]*\s*/gsu,
};

/** The class. */
export const Segmenter = publish(
    class Segmenter {
        constructor(locales, given) {
            const granularity = option(optionsOf(given), 'granularity', Object.keys(cuts), 'grapheme', 'Intl.Segmenter');
            state.set(this, { locale: resolve(locales), granularity });
        }

        segment(given) {
            const input = String(given);
            const { granularity } = state.get(this);
            const made = [];
            for (const match of input.matchAll(cuts[granularity])) {
                if (match[0] === '') continue;
                const segment = { segment: match[0], index: match.index, input };
                if (granularity === 'word') segment.isWordLike = /[\p{L}\p{N}]/u.test(match[0]);
                made.push(segment);
            }
            return {
                containing: (at = 0) => made.findLast((one) => one.index <= at && at < one.index + one.segment.length),
                [Symbol.iterator]: () => made[Symbol.iterator](),
            };
        }

        resolvedOptions() {
            return { ...state.get(this) };
        }
    },
    'Segmenter',
);

/** Knows the symbols of currencies only; of everything else it gives the code. */
export const DisplayNames = publish(
    class DisplayNames {
        constructor(locales, given) {
            const options = optionsOf(given);
            const types = ['language', 'region', 'script', 'currency', 'calendar', 'dateTimeField'];
            const type = option(options, 'type', types, undefined, 'Intl.DisplayNames');
            if (type === undefined) throw new TypeError('Required option "type" must not be undefined');
            state.set(this, {
                locale: resolve(locales), style: 'long', type,
                fallback: option(options, 'fallback', ['code', 'none'], 'code', 'Intl.DisplayNames'),
            });
        }

        of(code) {
            const { fallback } = state.get(this);
            return fallback === 'code' ? String(code) : undefined;
        }

        resolvedOptions() {
            return { ...state.get(this) };
        }
    },
    'DisplayNames',
);

/** A tag's parts. */
export class Locale {
    constructor(tag, given) {
        if (typeof tag !== 'string' && !(tag instanceof Locale)) {
            throw new TypeError('First argument to Intl.Locale constructor can\'t be empty or missing');
        }
        const options = optionsOf(given);
        const [language, ...rest] = canonical(String(tag)).replace(/-u-.*$/, '').split('-');
        const find = (shape) => rest.find((piece) => shape.test(piece));
        state.set(this, {
            language: options.language ?? language,
            script: options.script ?? find(/^[A-Z][a-z]{3}$/),
            region: options.region ?? find(/^(?:[A-Z]{2}|\d{3})$/),
        });
    }

    get language() {
        return state.get(this).language;
    }

    get script() {
        return state.get(this).script;
    }

    get region() {
        return state.get(this).region;
    }

    get baseName() {
        const { language, script, region } = state.get(this);
        return [language, script, region].filter((piece) => piece !== undefined).join('-');
    }

    toString() {
        return this.baseName;
    }
}
Object.defineProperty(Locale.prototype, Symbol.toStringTag, { value: 'Intl.Locale', configurable: true });
