// What is taken instead of a package's own file, because the file cannot work, or costs too much, in an action.

/** Names that are taken for others. */
export const aliases = new Map();

/**
 * Files with a content of ours. `file` is matched with the path below `node_modules`; `contents` gets the text of the
 * file and the words in the action's source.
 */
export const rewrites = [
    {
        // A second implementation of URL, with its tables; node-fetch 2 takes it where Node has none.
        file: /(^|\/)whatwg-url\/lib\/public-api\.js$/,
        contents: () => "exports.URL = URL;\nexports.URLSearchParams = URLSearchParams;\n",
    },
    {
        // The list of all services: 15 MB of models. Only those that the source names.
        file: /(^|\/)aws-sdk\/clients\/all\.js$/,
        contents(text, words) {
            const named = new Set(words);
            const services = [...text.matchAll(/(\w+): require\('(\.\/\w+)'\)/g)];
            const lines = services.map(([, name, file]) =>
                named.has(name)
                    ? `exports.${name} = require(${JSON.stringify(file)});`
                    : `Object.defineProperty(AWS, "${name}", { configurable: true, get() { throw new Error("AWS.${name} is not part of this action: its source has to name it"); }, set(value) { Object.defineProperty(AWS, "${name}", { configurable: true, enumerable: true, writable: true, value }); } });`,
            );
            return `require('../lib/node_loader');\nvar AWS = require('../lib/core');\n${lines.join("\n")}\n`;
        },
    },
];
