// Names that bundled libraries use and that no scope of theirs has (esbuild --inject).
export { Buffer } from './node/buffer/index.js';
export { default as process } from './node/process.js';
