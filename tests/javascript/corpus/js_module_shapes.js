/**
 * Handler that will be called during the execution of a PostLogin flow.
 * @param {Event} event
 * @param {PostLoginAPI} api
 */
'use strict';

const helpers = { twice: (n) => n * 2 };
let calls = 0;

module.exports = {
    async onExecutePostLogin(event, api) {
        calls += 1;
        api.idToken.setCustomClaim('facts', [
            calls,
            helpers.twice(21),
            typeof module.exports.onExecutePostLogin,
            module.exports === exports,
            typeof require,
            typeof __filename,
            this === undefined,
            (() => typeof this)(),
            arguments.length,
        ]);
    },
};
