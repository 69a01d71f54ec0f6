/** Names of functions and classes, which bundling changes where two files have the same. */

/**
 * Gives each function the name it is known by.
 * @template {object} T
 * @param {T} values - functions by name; other values are passed over
 * @returns {T} the same
 */
export function named(values) {
    for (const [name, { value }] of Object.entries(Object.getOwnPropertyDescriptors(values))) {
        if (typeof value === 'function' && value.name !== name) {
            Object.defineProperty(value, 'name', { value: name, configurable: true });
        }
    }
    return values;
}
