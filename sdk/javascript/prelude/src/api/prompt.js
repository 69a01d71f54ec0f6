// api.prompt, and what forms and redirects are to each other.

import { bytesOf, context, push, snapshot } from './context.js';
import { errorOf } from './errors.js';
import { check, dictionary, object, text } from './rules.js';

const OPTIONS_BYTES = 24 * 1024;
const ENTRIES = 24;

const RENDER = object({
    'promptId!': text(48),
    promptOptions: object({
        fields: dictionary(ENTRIES, /^[a-zA-Z_][a-zA-Z0-9_]{0,49}$/),
        vars: dictionary(ENTRIES, /(?:)/),
    }),
});

/** Ends the run with an error that the action cannot catch away. */
export function abort(message) {
    const error = new Error(message);
    context.run.end ??= { error: errorOf(error) };
    throw error;
}

export const NOT_BOTH = 'Redirect and render commands cannot be used in the same action.';

/** `api.prompt` */
export const prompt = () => ({
    render(promptId, promptOptions) {
        if (context.suspends === 'redirect') abort(NOT_BOTH);
        if (context.suspends === 'prompt') abort('Only 1 render command per action is allowed.');
        const options = promptOptions || {};
        check(RENDER, { promptId, promptOptions: options });
        if (bytesOf(JSON.stringify(options)) > OPTIONS_BYTES) {
            throw new Error(`The total size of the prompt options exceeds the limit of ${OPTIONS_BYTES} bytes.`);
        }
        context.suspends = 'prompt';
        const { fields, vars } = options;
        push({ type: 'prompt.render', promptId, fields: snapshot(fields), vars: snapshot(vars) });
    },
});
