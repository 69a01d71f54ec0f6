// Names that bundled libraries use and that no scope of theirs has (esbuild --inject).
