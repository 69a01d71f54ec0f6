// Intl.PluralRules.

import { numberOption, option, optionsOf, publish, resolve } from './locale.js';

const few = (n) => n % 10 >= 2 && n % 10 <= 4 && !(n % 100 >= 12 && n % 100 <= 14);
const none = () => 'other';
const oneIsOne = (n, v) => (n === 1 && v === 0 ? 'one' : 'other');
const slavic = (n, v) => {
    if (v !== 0) return 'other';
    if (n % 10 === 1 && n % 100 !== 11) return 'one';
    return few(n) ? 'few' : 'many';
};
const czech = (n, v) => (v !== 0 ? 'many' : n === 1 ? 'one' : n >= 2 && n <= 4 ? 'few' : 'other');
const romance = (n, v) => (n === 1 && v === 0 ? 'one' : v === 0 && n !== 0 && n % 1000000 === 0 ? 'many' : 'other');
const french = (n, v) => (n < 2 ? 'one' : v === 0 && n % 1000000 === 0 ? 'many' : 'other');

const cardinals = {
    ja: none, zh: none, ko: none, id: none, vi: none, th: none,
    fr: french, pt: french, es: (n, v) => (n === 1 ? 'one' : romance(n, v)), it: romance, ca: romance,
    da: (n, v) => (n === 1 || (v !== 0 && n > 0 && n < 2) ? 'one' : 'other'),
    hu: (n) => (n === 1 ? 'one' : 'other'), tr: (n) => (n === 1 ? 'one' : 'other'), el: (n) => (n === 1 ? 'one' : 'other'),
    nb: (n) => (n === 1 ? 'one' : 'other'), no: (n) => (n === 1 ? 'one' : 'other'),
    ru: slavic, uk: slavic, cs: czech, sk: czech,
    pl: (n, v) => (v !== 0 ? 'other' : n === 1 ? 'one' : few(n) ? 'few' : 'many'),
    ro: (n, v) => (n === 1 && v === 0 ? 'one' : v !== 0 || n === 0 || (n % 100 >= 1 && n % 100 <= 19) ? 'few' : 'other'),
    he: (n, v) => ((n === 1 && v === 0) || (n < 1 && v !== 0) ? 'one' : n === 2 && v === 0 ? 'two' : 'other'),
};

const ordinals = {
    en: (n) => {
        if (n % 10 === 1 && n % 100 !== 11) return 'one';
        if (n % 10 === 2 && n % 100 !== 12) return 'two';
        return n % 10 === 3 && n % 100 !== 13 ? 'few' : 'other';
    },
    fr: (n) => (n === 1 ? 'one' : 'other'),
    it: (n) => ([8, 11, 80, 800].includes(n) ? 'many' : 'other'),
    sv: (n) => ([1, 2].includes(n % 10) && ![11, 12].includes(n % 100) ? 'one' : 'other'),
    hu: (n) => ([1, 5].includes(n) ? 'one' : 'other'),
    uk: (n) => (n % 10 === 3 && n % 100 !== 13 ? 'few' : 'other'),
    ro: (n) => (n === 1 ? 'one' : 'other'), vi: (n) => (n === 1 ? 'one' : 'other'),
};

/** The category of a number in a language; the digits shown count where they are known. */
export function category(language, value, digits) {
    const number = Math.abs(Number(value));
    const shown = digits?.find((part) => part.type === 'fraction')?.value.length;
    const fraction = shown ?? (String(number).split('.')[1] ?? '').length;
    return (cardinals[language] ?? oneIsOne)(number, fraction);
}

const state = new WeakMap();

/** The class. */
export const PluralRules = publish(
    class PluralRules {
        constructor(locales, given) {
            const options = optionsOf(given);
            state.set(this, {
                locale: resolve(locales),
                type: option(options, 'type', ['cardinal', 'ordinal'], 'cardinal', 'Intl.PluralRules'),
                minimumIntegerDigits: numberOption(options, 'minimumIntegerDigits', 1, 21, 1),
                minimumFractionDigits: numberOption(options, 'minimumFractionDigits', 0, 20, 0),
                maximumFractionDigits: numberOption(options, 'maximumFractionDigits', 0, 20, 3),
            });
        }

        select(value) {
            const { locale, type, minimumFractionDigits } = state.get(this);
            const language = locale.split('-')[0];
            const number = Number(value);
            if (!Number.isFinite(number)) return 'other';
            if (type === 'ordinal') return (ordinals[language] ?? none)(Math.abs(number));
            const digits = minimumFractionDigits > 0
                ? [{ type: 'fraction', value: '0'.repeat(minimumFractionDigits) }]
                : undefined;
            return category(language, number, digits);
        }

        selectRange(from, to) {
            return this.select(to);
        }

        resolvedOptions() {
            const { locale, type, ...digits } = state.get(this);
            const rules = type === 'ordinal' ? ordinals[locale.split('-')[0]] ?? none : cardinals[locale.split('-')[0]] ?? oneIsOne;
            const found = new Set(['other']);
            for (let n = 0; n < 200; n++) found.add(rules(n, 0));
            const order = ['few', 'many', 'one', 'two', 'zero', 'other'];
            return {
                locale, type, ...digits, pluralCategories: order.filter((one) => found.has(one)), roundingIncrement: 1,
                roundingMode: 'halfExpand', roundingPriority: 'auto', trailingZeroDisplay: 'auto',
            };
        }
    },
    'PluralRules',
);
