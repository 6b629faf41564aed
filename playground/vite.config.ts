import { defineConfig } from 'vite';

/** GraphiQL with its editor is one page that needs no outside host; everything but index.html is named by its content. */
export default defineConfig({
  root: import.meta.dirname,
  base: '/playground/',
  publicDir: false,
  // Hundreds of "use client" notices that mean nothing in a bundle.
  logLevel: 'error',
  resolve: { dedupe: ['graphql', 'react', 'react-dom', 'monaco-editor'] },
  build: {
    outDir: '../dist/playground',
    emptyOutDir: true,
    target: 'es2022',
    sourcemap: false,
    reportCompressedSize: false,
    chunkSizeWarningLimit: 8192,
  },
});
