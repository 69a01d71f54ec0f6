// Taken when it is used: the web's globals come after the library that asks.
class AbortSignal {
    static any(signals) {
        return globalThis.AbortSignal.any(signals);
    }

    static [Symbol.hasInstance](value) {
        return value instanceof globalThis.AbortSignal;
    }
}

module.exports = {
    AbortController: function AbortController() {
        return new globalThis.AbortController();
    },
    AbortSignal,
};
