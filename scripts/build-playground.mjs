import { readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { root } from './stale.mjs';

const compressible = /\.(?:js|css|html|svg|ttf)$/;

/** A twin for each file worth it, so that the server never compresses. @returns {number} bytes that a first visit can cost at most */
const compress = (directory) => {
  let total = 0;
  for (const entry of readdirSync(directory, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile() || !compressible.test(entry.name)) continue;
    const path = join(entry.parentPath, entry.name);
    const packed = gzipSync(readFileSync(path), { level: 9 });
    writeFileSync(`${path}.gz`, packed);
    total += packed.length;
  }
  return total;
};

/** Builds GraphiQL and our few files into `dist/playground`. @returns {Promise<number>} bytes, compressed */
export const buildPlayground = async () => {
  const { build } = await import('vite');
  const output = join(root, 'dist', 'playground');
  const fresh = `${output}.${process.pid}`;
  const { NODE_ENV: before } = process.env;
  // Vite bundles React's development build under any other value.
  process.env.NODE_ENV = 'production';
  try {
    await build({ configFile: join(root, 'playground', 'vite.config.ts'), build: { outDir: fresh } });
    const size = compress(fresh);
    rmSync(output, { recursive: true, force: true });
    renameSync(fresh, output);
    return size;
  } finally {
    rmSync(fresh, { recursive: true, force: true });
    if (before === undefined) delete process.env.NODE_ENV;
    else process.env.NODE_ENV = before;
  }
};
