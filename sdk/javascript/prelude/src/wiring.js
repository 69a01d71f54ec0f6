// What the parts of the prelude add: globals, and Node's built-in modules.

/** Functions `(target, host)` that define globals. */
export const installs = [];

/** Node's built-ins: name to a function that makes the module when it is first required. */
export const builtins = {};
