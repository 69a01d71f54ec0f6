// Bundles packages from an install folder into one script whose value is a function
// `(builtinRequire) => (name) => module`.
// In: {"folder", "names": [what the source requires], "words": [names in the source]} as JSON on standard input;
// out: {"bundle", "missing": [names that no package has]} or {"errors": [{text, file, line, column}]}.
import { readFileSync, realpathSync, writeFileSync } from "node:fs";
import { builtinModules } from "node:module";
import path from "node:path";
import { build } from "esbuild";
import { aliases, rewrites } from "./rewrites.mjs";

const input = JSON.parse(readFileSync(0, "utf8"));
const folder = realpathSync(input.folder);
const builtins = new Set(builtinModules);
const isBuiltin = (name) => name.startsWith("node:") || builtins.has(name);
const isInside = (file) => file.startsWith(folder + path.sep);
/** Marks a resolution that the plugin itself asked for. */
const OURS = Symbol("asked by the plugin");
/** Names the source asks for that are in no package: they are left to fail when they are required, as in Node. */
const missing = new Set();
const ENTRY = "postern:entry";

/** A module that fails when it is loaded, with Node's error. */
function failing(name) {
    const text = JSON.stringify(`Cannot find module '${name}'\nRequire stack:\n- action.js`);
    return `throw Object.assign(new Error(${text}), { code: "MODULE_NOT_FOUND", requireStack: ["action.js"] });`;
}

const confined = {
    name: "confined",
    setup(build) {
        build.onResolve({ filter: /.*/ }, async (args) => {
            if (args.pluginData === OURS) return undefined;
            if (args.path === ENTRY) return { path: ENTRY, namespace: "entry" };
            if (args.namespace === "failing") return undefined;
            if (isBuiltin(args.path)) return { path: args.path, external: true };
            const asked = aliases.get(args.path) ?? args.path;
            const found = await build.resolve(asked, {
                importer: args.importer,
                kind: args.kind,
                namespace: "file",
                pluginData: OURS,
                resolveDir: args.resolveDir || folder,
                with: args.with,
            });
            if (found.errors.length > 0) {
                if (args.namespace === "entry") missing.add(args.path);
                return { path: args.path, namespace: "failing", warnings: [] };
            }
            if (found.namespace !== "file" || found.external) return { ...found, pluginData: undefined };
            const file = realpathSync(found.path);
            if (!isInside(file)) return { errors: [{ text: `${args.path} is outside of the packages` }] };
            return { path: file, sideEffects: found.sideEffects, suffix: found.suffix };
        });
        build.onLoad({ filter: /.*/, namespace: "entry" }, () => ({
            contents: entry(),
            resolveDir: folder,
        }));
        build.onLoad({ filter: /.*/, namespace: "failing" }, (args) => ({ contents: failing(args.path) }));
        build.onLoad({ filter: /\.node$/ }, (args) => ({ contents: failing(path.basename(args.path)) }));
        build.onLoad({ filter: /.*/, namespace: "file" }, (args) => {
            if (!isInside(realpathSync(args.path))) return { errors: [{ text: "outside of the packages" }] };
            const inside = path.relative(path.join(folder, "node_modules"), args.path);
            const rewrite = rewrites.find(({ file }) => file.test(inside));
            if (!rewrite) return undefined;
            const contents = rewrite.contents(readFileSync(args.path, "utf8"), input.words);
            return { contents, resolveDir: path.dirname(args.path), loader: "default" };
        });
    },
};

function entry() {
    const lines = input.names.map((name) => `  ${JSON.stringify(name)}: () => require(${JSON.stringify(name)}),`);
    return `module.exports = {\n__proto__: null,\n${lines.join("\n")}\n};\n`;
}

async function bundle() {
    const result = await build({
        absWorkingDir: folder,
        bundle: true,
        charset: "utf8",
        define: {
            __dirname: '"/action/node_modules"',
            __filename: '"/action/node_modules/index.js"',
            "import.meta.url": '"file:///action/node_modules/index.js"',
        },
        entryPoints: [ENTRY],
        format: "cjs",
        keepNames: false,
        legalComments: "none",
        loader: { ".wasm": "binary", ".txt": "text", ".html": "text", ".css": "text", ".map": "empty" },
        logLevel: "silent",
        minifyWhitespace: true,
        platform: "node",
        plugins: [confined],
        supported: { "dynamic-import": false },
        target: "es2023",
        tsconfigRaw: "{}",
        write: false,
    });
    return { bundle: wrapped(result.outputFiles[0].text), missing: [...missing] };
}

/** The function around esbuild's output. `require` is what is left of it there: that of the built-in modules. */
function wrapped(code) {
    return [
        "(function(require){var table=function(){var module={exports:{}},exports=module.exports;",
        code,
        "return module.exports}();",
        "return function(name){",
        "if(!table[name])throw Object.assign(new Error(\"Cannot find module '\"+name+\"'\\nRequire stack:\\n- action.js\"),{code:'MODULE_NOT_FOUND',requireStack:['action.js']});",
        "return table[name]()};",
        "})",
    ].join("\n");
}

function problem({ text, location }) {
    const file = location?.file?.replace(/^node_modules\//, "") ?? "";
    return { text, file, line: location?.line ?? 0, column: (location?.column ?? -1) + 1 };
}

const answer = await bundle().catch((error) => {
    if (!Array.isArray(error?.errors)) throw error;
    return { errors: error.errors.slice(0, 8).map(problem) };
});
writeFileSync(1, JSON.stringify(answer));
