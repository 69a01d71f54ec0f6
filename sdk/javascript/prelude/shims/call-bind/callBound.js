/** "RegExp.prototype.test" as a function of its receiver. */
module.exports = (name) => {
    const fn = name.split('.').reduce((owner, key) => owner[key], globalThis);
    return (receiver, ...args) => Reflect.apply(fn, receiver, args);
};
