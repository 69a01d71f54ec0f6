// Makes plain JavaScript for CommonJS of TypeScript or of a module.
// In: {"source", "typed", "module"} as JSON on standard input; out: {"source"} or {"error": {text, line, column}}.
import { readFileSync, writeFileSync } from "node:fs";
import swc from "@swc/wasm-typescript";
import { transform } from "esbuild";

/** Columns count from 1 in what we answer; swc and esbuild count from 0. */
class SourceError extends Error {
    constructor(text, line, column) {
        super(text);
        this.place = { text, line, column: column + 1 };
    }
}

/** Types become blanks, so that lines and columns stay; what is more than a type (enums …) is compiled. */
function strip(source) {
    const typed = (mode) => swc.transformSync(source, { mode, filename: "action.ts" }).code;
    try {
        try {
            return typed("strip-only");
        } catch (error) {
            if (error?.code !== "UnsupportedSyntax") throw error;
            return typed("transform");
        }
    } catch (error) {
        if (typeof error?.startLine !== "number") throw error;
        throw new SourceError(error.message, error.startLine, error.startColumn);
    }
}

/** `import` and `export` become `require` and `exports`; `import()` a promise of `require`. */
async function toCommonJs(source) {
    try {
        const options = {
            loader: "js",
            format: "cjs",
            platform: "node",
            target: "es2023",
            supported: { "dynamic-import": false },
        };
        return (await transform(source, options)).code;
    } catch (error) {
        const at = error?.errors?.[0];
        if (!at?.location) throw error;
        throw new SourceError(at.text, at.location.line, at.location.column);
    }
}

async function main() {
    const input = JSON.parse(readFileSync(0, "utf8"));
    let { source } = input;
    if (input.typed) source = strip(source);
    if (input.module) source = await toCommonJs(source);
    return { source };
}

const answer = await main().catch((error) => {
    if (error instanceof SourceError) return { error: error.place };
    throw error;
});
writeFileSync(1, JSON.stringify(answer));
