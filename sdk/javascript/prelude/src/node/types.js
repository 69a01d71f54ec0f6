/** `util.types`: what a value is by what it holds, not by what it says. */

/** Whether `fn` runs without throwing. */
function holds(fn) {
    try {
        fn();
        return true;
    } catch {
        return false;
    }
}

const tagOf = (value) => Object.prototype.toString.call(value);
const getter = (proto, key) => Object.getOwnPropertyDescriptor(proto, key).get;
const isObject = (value) => value !== null && (typeof value === 'object' || typeof value === 'function');
const brand = (check) => (value) => isObject(value) && holds(() => check(value));

const typedArrayTag = getter(Object.getPrototypeOf(Uint8Array.prototype), Symbol.toStringTag);
const kindOfTypedArray = (value) => (isObject(value) ? typedArrayTag.call(value) : undefined);
const mapSize = getter(Map.prototype, 'size');
const setSize = getter(Set.prototype, 'size');
const bufferLength = getter(ArrayBuffer.prototype, 'byteLength');
const viewLength = getter(DataView.prototype, 'byteLength');
const primitive = (Type) => brand((value) => Type.prototype.valueOf.call(value));

const isNumberObject = primitive(Number);
const isStringObject = primitive(String);
const isBooleanObject = primitive(Boolean);
const isBigIntObject = primitive(BigInt);
const isSymbolObject = primitive(Symbol);
const isArrayBuffer = brand((value) => bufferLength.call(value));
const isSharedArrayBuffer = (value) => typeof SharedArrayBuffer === 'function' && value instanceof SharedArrayBuffer;

const types = {
    isExternal: () => false,
    isDate: brand((value) => Date.prototype.getTime.call(value)),
    isArgumentsObject: (value) => isObject(value) && !(Symbol.toStringTag in value) && tagOf(value) === '[object Arguments]',
    isBigIntObject,
    isBooleanObject,
    isNumberObject,
    isStringObject,
    isSymbolObject,
    isBoxedPrimitive: (value) => [isNumberObject, isStringObject, isBooleanObject, isBigIntObject, isSymbolObject]
        .some((check) => check(value)),
    isNativeError: (value) => (typeof Error.isError === 'function'
        ? Error.isError(value)
        : isObject(value) && value instanceof Error && Object.hasOwn(value, 'stack')),
    isRegExp: (value) => isObject(value) && value !== RegExp.prototype && holds(() => getter(RegExp.prototype, 'source').call(value)),
    isAsyncFunction: (value) => typeof value === 'function' && /^\[object Async(Generator)?Function\]$/.test(tagOf(value)),
    isGeneratorFunction: (value) => typeof value === 'function' && /^\[object (Async)?GeneratorFunction\]$/.test(tagOf(value)),
    isGeneratorObject: (value) => isObject(value) && /^\[object (Async)?Generator\]$/.test(tagOf(value)),
    isPromise: (value) => isObject(value) && value instanceof Promise && value !== Promise.prototype,
    isMap: brand((value) => mapSize.call(value)),
    isSet: brand((value) => setSize.call(value)),
    isMapIterator: (value) => isObject(value) && tagOf(value) === '[object Map Iterator]',
    isSetIterator: (value) => isObject(value) && tagOf(value) === '[object Set Iterator]',
    isWeakMap: brand((value) => WeakMap.prototype.has.call(value, {})),
    isWeakSet: brand((value) => WeakSet.prototype.has.call(value, {})),
    isArrayBuffer,
    isDataView: brand((value) => viewLength.call(value)),
    isSharedArrayBuffer,
    isProxy: () => false,
    isModuleNamespaceObject: (value) => isObject(value) && tagOf(value) === '[object Module]' && !Object.isExtensible(value),
    isAnyArrayBuffer: (value) => isArrayBuffer(value) || isSharedArrayBuffer(value),
    isCryptoKey: (value) => typeof globalThis.CryptoKey === 'function' && value instanceof globalThis.CryptoKey,
    isKeyObject: (value) => isObject(value) && value.constructor?.name?.endsWith('KeyObject') === true,
    isArrayBufferView: ArrayBuffer.isView,
    isTypedArray: (value) => kindOfTypedArray(value) !== undefined,
};
for (const kind of [
    'Uint8Array', 'Uint8ClampedArray', 'Uint16Array', 'Uint32Array', 'Int8Array', 'Int16Array', 'Int32Array',
    'Float32Array', 'Float64Array', 'BigInt64Array', 'BigUint64Array',
]) {
    types[`is${kind}`] = (value) => kindOfTypedArray(value) === kind;
}
for (const [name, fn] of Object.entries(types)) {
    if (fn.name !== name && name !== 'isArrayBufferView') Object.defineProperty(fn, 'name', { value: name });
}

export default types;
