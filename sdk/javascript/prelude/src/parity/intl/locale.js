// Which locale's data is used, and how options are read.

import { aliases, texts } from './locales.js';

const read = new Map();
const defaultLocale = 'en-US';

/** The data of a locale that `resolve` gave. */
export function dataOf(locale) {
    let data = read.get(locale);
    if (data === undefined) read.set(locale, (data = JSON.parse(texts[known(locale)])));
    return data;
}

function known(tag) {
    for (let rest = tag; rest !== ''; rest = rest.slice(0, Math.max(0, rest.lastIndexOf('-')))) {
        if (texts[rest] !== undefined) return rest;
        if (aliases[rest] !== undefined) return aliases[rest];
    }
    return undefined;
}

const shape = /^[a-z]{2,3}(?:-[a-z]{4})?(?:-(?:[a-z]{2}|\d{3}))?(?:-(?:[a-z\d]{5,8}|\d[a-z\d]{3}))*(?:-[a-wyz\d](?:-[a-z\d]{2,8})+)*(?:-x(?:-[a-z\d]{1,8})+)?$/i;

/** A tag as BCP 47 spells it. */
export function canonical(tag) {
    if (!shape.test(tag)) throw new RangeError(`Incorrect locale information provided`);
    let extension = false;
    return tag
        .split('-')
        .map((piece, at) => {
            if (at === 0) return piece.toLowerCase();
            if (piece.length === 1) extension = true;
            if (extension) return piece.toLowerCase();
            if (piece.length === 4 && /^[a-z]/i.test(piece)) return piece[0].toUpperCase() + piece.slice(1).toLowerCase();
            return piece.length === 2 ? piece.toUpperCase() : piece.toLowerCase();
        })
        .join('-');
}

/** The tags of a constructor's first argument. */
export function requested(locales) {
    if (locales === undefined) return [];
    if (locales === null) throw new TypeError('Cannot convert undefined or null to object');
    if (typeof locales === 'string') return [canonical(locales)];
    if (typeof locales === 'object' && typeof locales.baseName === 'string') return [canonical(String(locales))];
    const tags = [];
    for (const one of Array.from(Object(locales))) {
        if (typeof one !== 'string' && (typeof one !== 'object' || one === null)) {
            throw new TypeError('Language ID should be string or object.');
        }
        const tag = canonical(String(one));
        if (!tags.includes(tag)) tags.push(tag);
    }
    return tags;
}

/** The first of the tags that there is data for, without extensions. */
export function resolve(locales) {
    for (const tag of requested(locales)) {
        const base = tag.replace(/-[a-wyz\d]-.*$/, '');
        if (known(base) !== undefined) return base;
    }
    return defaultLocale;
}

/** The tags that there is data for. */
export function supportedLocalesOf(locales) {
    return requested(locales).filter((tag) => known(tag.replace(/-[a-wyz\d]-.*$/, '')) !== undefined);
}

/** An option that is one of some words. */
export function option(options, name, words, fallback, owner) {
    const value = options[name];
    if (value === undefined) return fallback;
    const text = String(value);
    if (words !== undefined && !words.includes(text)) {
        throw new RangeError(`Value ${text} out of range for ${owner} options property ${name}`);
    }
    return text;
}

/** An option that is a whole number. */
export function numberOption(options, name, least, most, fallback) {
    const value = options[name];
    if (value === undefined) return fallback;
    const number = Number(value);
    if (!(number >= least && number <= most)) throw new RangeError(`${name} value is out of range.`);
    return Math.floor(number);
}

/** Options as an object. */
export function optionsOf(options) {
    if (options === undefined) return Object.create(null);
    if (options === null) throw new TypeError('Cannot convert undefined or null to object');
    return Object(options);
}

/** Makes a class of Intl: its tag, and `supportedLocalesOf`. */
export function publish(type, name) {
    Object.defineProperty(type.prototype, Symbol.toStringTag, { value: `Intl.${name}`, configurable: true });
    Object.defineProperty(type, 'supportedLocalesOf', {
        value: function supportedLocalesOf_(locales) {
            return supportedLocalesOf(locales);
        },
        configurable: true,
        writable: true,
    });
    Object.defineProperty(type.supportedLocalesOf, 'name', { value: 'supportedLocalesOf' });
    return type;
}
