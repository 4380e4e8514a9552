import { defineConfig } from 'tsdown'

/** One ES module and its types for each entry of package.json; what they share with the server is bundled. */
export default defineConfig({
  entry: ['src/client.ts'],
  outDir: 'dist',
  format: 'esm',
  platform: 'neutral',
  target: 'es2024',
  // Types are read off file by file. TypeScript 7 would write them beside the server's sources, too.
  dts: { oxc: true },
  minify: true,
  clean: true,
})
