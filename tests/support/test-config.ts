import { type Config, loadConfig } from '../../src/config/config.ts';
import { MasterKeys } from '../../src/crypto/master-keys.ts';
import { Secret } from '../../src/crypto/secret.ts';

/** The settings of a test: cheap hashes, no limits by network, everything else as a fresh installation has it; changed by path, `'server.port': '0'`. */
export const testConfig = (settings: Readonly<Record<string, string>> = {}): Config =>
  loadConfig({
    env: {
      APP_ENVIRONMENT: 'test',
      HOST: '127.0.0.1',
      PORT: '0',
      BASE_URL: 'http://localhost:4000',
      PASSWORD_MEMORY_KIB: '1024',
      PASSWORD_ITERATIONS: '1',
      // Every test calls from one address; tests of the limits switch them on.
      RATE_LIMITS: 'false',
    },
    assignments: Object.entries(settings).map(([path, text]) => `${path}=${text}`),
    cwd: import.meta.dirname,
  });

/** One fixed master key. */
export const testMasterKeys = (): MasterKeys =>
  new MasterKeys([{ version: 1, secret: new Secret(Buffer.alloc(32, 7).toString('base64url')) }]);
