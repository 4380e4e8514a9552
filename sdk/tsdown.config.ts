import { defineConfig } from 'tsdown'

/** One ES module and its types for each entry of package.json; what they share with the server is bundled. */
export default defineConfig({
  entry: ['src/client.ts', 'src/server.ts'],
  outDir: 'dist',
  format: 'esm',
  platform: 'neutral',
  target: 'es2024',
  dts: true,
  clean: true,
})
