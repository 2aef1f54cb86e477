/** How the pages are built: hashed files below /app, no inline script and no inline style, and a compressed copy of each. */
import react from '@vitejs/plugin-react';
import { brotliCompressSync, constants, gzipSync } from 'node:zlib';
import { defineConfig, type Plugin } from 'vite';
import { themeCss } from './theme-css.ts';

const COMPRESSED = /\.(js|css|svg|html)$/;
/** Below this a compressed copy saves no packet. */
const LEAST_BYTES = 1_024;

export default defineConfig({
  root: import.meta.dirname,
  base: '/',
  publicDir: false,
  plugins: [react(), themeCss(), compressedCopies()],
  build: {
    outDir: 'dist',
    assetsDir: 'app',
    // A running service serves the files it started with; scripts/lib/client-build.mjs removes those nobody needs.
    emptyOutDir: false,
    manifest: true,
    // As data: URLs they would need an exception in the Content-Security-Policy.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    target: 'es2022',
    reportCompressedSize: false,
    chunkSizeWarningLimit: 1_000,
  },
});

function compressedCopies(): Plugin {
  return {
    name: 'partyline-compressed-copies',
    apply: 'build',
    generateBundle: {
      order: 'post',
      handler(_options, bundle) {
        for (const [fileName, file] of Object.entries(bundle)) {
          const content = Buffer.from(file.type === 'chunk' ? file.code : file.source);
          if (!COMPRESSED.test(fileName) || content.length < LEAST_BYTES) continue;
          this.emitFile({ type: 'asset', fileName: `${fileName}.gz`, source: gzipSync(content, { level: 9 }) });
          const params = { [constants.BROTLI_PARAM_QUALITY]: constants.BROTLI_MAX_QUALITY };
          this.emitFile({ type: 'asset', fileName: `${fileName}.br`, source: brotliCompressSync(content, { params }) });
        }
      },
    },
  };
}
