// Rules of arguments, and the texts of Auth0 when one is broken: what is wrong with each place, by its last name,
// `errorCode must be string; errorMessage must NOT have more than 100 characters`.

import { isObject, lengthOf } from './context.js';

/** What is wrong with an argument, by place: Auth0 names a place once and lists what is wrong with it. */
export class Findings {
    constructor() {
        this.places = Object.create(null);
    }

    add(place, text) {
        const before = this.places[place];
        const name = place.slice(place.lastIndexOf('/') + 1);
        this.places[place] = before === undefined ? `${name} ${text}` : `${before}, ${text}`;
    }

    /** Throws when there is anything. */
    check() {
        const texts = Object.values(this.places);
        if (texts.length > 0) throw new Error(texts.join('; '));
    }
}

const atMost = (limit) => `must NOT have more than ${limit} characters`;

/** A text of at most so many characters. */
export const text = (limit = Infinity) =>
    function (findings, place, value) {
        if (typeof value !== 'string') findings.add(place, 'must be string');
        else if (value.length > limit && lengthOf(value) > limit) findings.add(place, atMost(limit));
    };

/** A finite number. */
export function number(findings, place, value) {
    if (typeof value !== 'number' || !Number.isFinite(value)) findings.add(place, 'must be number');
}

/** A boolean. */
export function boolean(findings, place, value) {
    if (typeof value !== 'boolean') findings.add(place, 'must be boolean');
}

/** One of these. */
export const oneOf = (...allowed) =>
    function (findings, place, value) {
        if (!allowed.includes(value)) findings.add(place, 'must be equal to one of the allowed values');
    };

/** A list of at most so many. */
export const list = (limit, rule) =>
    function (findings, place, value) {
        if (!Array.isArray(value)) {
            findings.add(place, 'must be array');
            return;
        }
        if (value.length > limit) findings.add(place, `must NOT have more than ${limit} items`);
        for (let at = 0; at < value.length; at += 1) rule(findings, `${place}/${at}`, value[at]);
    };

/** An object with these members. A name that ends in `!` has to be there. */
export const object = (members) => {
    const rules = Object.entries(members).map(([name, rule]) => [name.replace('!', ''), name.endsWith('!'), rule]);
    return function (findings, place, value) {
        if (!isObject(value)) {
            findings.add(place, 'must be object');
            return;
        }
        for (const [name, required] of rules) {
            if (required && value[name] === undefined) findings.add(place, `must have required property '${name}'`);
        }
        for (const key in value) {
            if (!rules.some(([name]) => name === key)) findings.add(place, 'must NOT have additional properties');
        }
        for (const [name, , rule] of rules) {
            if (value[name] !== undefined) rule(findings, `${place}/${name}`, value[name]);
        }
    };
};

/** A dictionary of at most so many entries, its names of this form. */
export const dictionary = (limit, form) =>
    function (findings, place, value) {
        if (!isObject(value)) {
            findings.add(place, 'must be object');
            return;
        }
        if (Object.keys(value).length > limit) findings.add(place, `must NOT have more than ${limit} properties`);
        for (const key in value) {
            if (!form.test(key)) findings.add(place, 'must NOT have additional properties');
        }
    };

/** Checks a value. */
export function check(rule, value) {
    const findings = new Findings();
    rule(findings, '', value);
    findings.check();
}
