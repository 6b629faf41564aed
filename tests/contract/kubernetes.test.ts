import { randomBytes } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { parse, parseAllDocuments } from 'yaml';
import { loadConfig } from '../../src/config/config.ts';
import { productionChecklist } from '../../src/config/production-checklist.ts';
import { allSettings } from '../../src/config/settings.ts';
import { startTestApp } from '../support/test-app.ts';

const root = join(import.meta.dirname, '../../deploy/kubernetes');
const read = (...path: readonly string[]): string => readFileSync(join(root, ...path), 'utf8');

type Labels = Readonly<Record<string, string>>;
type Probe = { readonly httpGet: { readonly path: string; readonly port: string }; readonly timeoutSeconds?: number };
interface Mount {
  readonly name: string;
  readonly mountPath: string;
}
interface Variable {
  readonly name: string;
  readonly value?: string;
  readonly valueFrom?: {
    readonly secretKeyRef: { readonly name: string; readonly key: string; readonly optional?: boolean };
  };
}
interface Container {
  readonly name: string;
  readonly image: string;
  readonly command?: readonly string[];
  readonly ports?: readonly { readonly name: string; readonly containerPort: number }[];
  readonly envFrom: readonly { readonly configMapRef: { readonly name: string } }[];
  readonly env: readonly Variable[];
  readonly startupProbe?: Probe;
  readonly livenessProbe?: Probe;
  readonly readinessProbe?: Probe;
  readonly resources: { readonly requests: object; readonly limits: object };
  readonly securityContext: object;
  readonly volumeMounts: readonly Mount[];
}
interface Pod {
  readonly metadata: { readonly labels: Labels };
  readonly spec: {
    readonly serviceAccountName: string;
    readonly automountServiceAccountToken: boolean;
    readonly terminationGracePeriodSeconds?: number;
    readonly securityContext: object;
    readonly topologySpreadConstraints?: readonly { readonly labelSelector: { readonly matchLabels: Labels } }[];
    readonly containers: readonly Container[];
    readonly volumes: readonly { readonly name: string }[];
  };
}
interface Manifest {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace?: string };
  readonly data?: Labels;
  readonly spec?: Readonly<Record<string, unknown>>;
}
interface Kustomization {
  readonly namespace?: string;
  readonly resources: readonly string[];
  readonly images?: readonly { readonly name: string; readonly newName: string; readonly newTag: string }[];
  readonly patches?: readonly { readonly path: string }[];
}

const documents = (...path: readonly string[]): readonly Manifest[] =>
  parseAllDocuments(read(...path), { strict: true, uniqueKeys: true }).map((document) => {
    if (document.errors.length > 0) throw new Error(`${path.join('/')}: ${document.errors.join(' ')}`);
    return document.toJS() as Manifest;
  });

const merged = (one: unknown, patch: unknown): unknown => {
  const isMap = (value: unknown): value is Record<string, unknown> =>
    typeof value === 'object' && value !== null && !Array.isArray(value);
  if (!isMap(one) || !isMap(patch)) return patch;
  return {
    ...one,
    ...Object.fromEntries(
      Object.entries(patch).map(([key, value]) => [key, key in one ? merged(one[key], value) : value]),
    ),
  };
};

const identity = ({ kind, metadata }: Manifest): string => `${kind}/${metadata.name}`;

/** What `kubectl kustomize` makes of an overlay that uses resources, namespace and merging patches alone. */
const build = (name: string): readonly Manifest[] => {
  const overlay = parse(read('overlays', name, 'kustomization.yaml')) as Kustomization;
  const base = parse(read('base', 'kustomization.yaml')) as Kustomization;
  const own = overlay.resources.filter((file) => file !== '../../base');
  const all = [
    ...base.resources.flatMap((file) => documents('base', file)),
    ...own.flatMap((file) => documents('overlays', name, file)),
  ];
  const patches = (overlay.patches ?? []).flatMap(({ path }) => documents('overlays', name, path));
  const unknown = patches.filter((patch) => !all.some((one) => identity(one) === identity(patch)));
  if (unknown.length > 0) throw new Error(`Patches of nothing: ${unknown.map((one) => identity(one)).join(', ')}`);
  return all.map(
    (one) => patches.filter((patch) => identity(patch) === identity(one)).reduce<unknown>(merged, one) as Manifest,
  );
};

const API: Readonly<Record<string, string>> = {
  ServiceAccount: 'v1',
  ConfigMap: 'v1',
  Service: 'v1',
  Deployment: 'apps/v1',
  Job: 'batch/v1',
  HorizontalPodAutoscaler: 'autoscaling/v2',
  PodDisruptionBudget: 'policy/v1',
  NetworkPolicy: 'networking.k8s.io/v1',
  Ingress: 'networking.k8s.io/v1',
};

const settings = new Set(allSettings.map(({ setting }) => setting.env));
/** What Node.js itself reads. */
const NODE_OWN = new Set(['NODE_EXTRA_CA_CERTS']);
/** Secrets that are made by hand, by key and the variable that reads it. */
const SECRETS: Labels = {
  'database-replica-url': 'postgresql://gatehouse:f3a91c55e0b74d2e8c6a@replica.example.org:5432/gatehouse',
  'database-url': 'postgresql://gatehouse:f3a91c55e0b74d2e8c6a@postgres.example.org:5432/gatehouse',
  'master-keys': `v1:${randomBytes(32).toString('base64')}`,
  'metrics-token': '0123456789abcdef0123456789abcdef',
  'redis-url': 'rediss://redis.example.org:6379/0',
  'smtp-password': 'f3a91c55e0b74d2e8c6a',
};

const podOf = ({ spec }: Manifest): Pod => spec?.['template'] as Pod;
const selects = (selector: Labels, labels: Labels): boolean =>
  Object.entries(selector).every(([key, value]) => labels[key] === value);

describe.each(['staging', 'production'])('the manifests of %s', (name) => {
  const all = build(name);
  const one = (kind: string): Manifest => {
    const [found, ...others] = all.filter((manifest) => manifest.kind === kind);
    if (found === undefined || others.length > 0) throw new Error(`There is not one ${kind}.`);
    return found;
  };
  const gateway = podOf(one('Deployment'));
  const migration = podOf(one('Job'));
  const pods = [gateway, migration];
  const [container] = gateway.spec.containers;
  if (container === undefined) throw new Error('No container.');

  test('are of kinds and versions that clusters serve, each name once, and every file is used', () => {
    expect(
      all.filter(({ kind, apiVersion }) => API[kind] !== apiVersion).map((manifest) => identity(manifest)),
    ).toEqual([]);
    expect(new Set(all.map((manifest) => identity(manifest))).size).toBe(all.length);
    const base = parse(read('base', 'kustomization.yaml')) as Kustomization;
    expect(readdirSync(join(root, 'base')).toSorted()).toEqual(['kustomization.yaml', ...base.resources].toSorted());
    const overlay = parse(read('overlays', name, 'kustomization.yaml')) as Kustomization;
    const used = [...overlay.resources.slice(1), ...(overlay.patches ?? []).map(({ path }) => path)];
    expect(readdirSync(join(root, 'overlays', name)).toSorted()).toEqual(['kustomization.yaml', ...used].toSorted());
  });

  test('name one version of the image, for the gateway and its migration', () => {
    const overlay = parse(read('overlays', name, 'kustomization.yaml')) as Kustomization;
    const { version } = JSON.parse(readFileSync(join(root, '../../package.json'), 'utf8')) as { version: string };
    expect(overlay.images?.map((image) => [image.name, image.newTag])).toEqual([['gatehouse', version]]);
    expect(pods.flatMap(({ spec }) => spec.containers.map(({ image }) => image))).toEqual(['gatehouse', 'gatehouse']);
  });

  test('select pods that exist, and the gateway alone for what is served', () => {
    const deployment = one('Deployment').spec as { selector: { matchLabels: Labels } };
    const services = all.filter(({ kind }) => kind === 'Service').map(({ spec }) => spec?.['selector'] as Labels);
    const budget = one('PodDisruptionBudget').spec as { selector: { matchLabels: Labels } };
    const spread = gateway.spec.topologySpreadConstraints?.map(({ labelSelector }) => labelSelector.matchLabels) ?? [];
    expect(spread).toHaveLength(2);
    for (const selector of [deployment.selector.matchLabels, budget.selector.matchLabels, ...services, ...spread]) {
      expect(pods.map(({ metadata }) => selects(selector, metadata.labels))).toEqual([true, false]);
    }
    const policy = one('NetworkPolicy').spec as { podSelector: { matchLabels: Labels } };
    expect(pods.every(({ metadata }) => selects(policy.podSelector.matchLabels, metadata.labels))).toBe(true);
    const scaled = one('HorizontalPodAutoscaler').spec as {
      scaleTargetRef: { kind: string; name: string; apiVersion: string };
    };
    expect(scaled.scaleTargetRef).toEqual({
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      name: one('Deployment').metadata.name,
    });
  });

  test('name ports that the container has', () => {
    const ports = container.ports?.map((port) => port.name) ?? [];
    const services = all.filter(({ kind }) => kind === 'Service');
    const targets = services.flatMap(({ spec }) =>
      ((spec?.['ports'] ?? []) as { targetPort: string }[]).map(({ targetPort }) => targetPort),
    );
    const policy = one('NetworkPolicy').spec as { ingress: readonly { ports: readonly { port: string }[] }[] };
    const let_in = policy.ingress.flatMap((rule) => rule.ports.map(({ port }) => port));
    const probes = [container.startupProbe, container.livenessProbe, container.readinessProbe].map(
      (probe) => probe?.httpGet.port,
    );
    for (const port of [...targets, ...let_in, ...probes]) expect(ports).toContain(port);
    const ingress = one('Ingress').spec as {
      rules: readonly {
        host: string;
        http: { paths: readonly { backend: { service: { name: string; port: { name: string } } } }[] };
      }[];
      tls: readonly { hosts: readonly string[] }[];
    };
    for (const { http } of ingress.rules) {
      for (const { backend } of http.paths) {
        const service = services.find(({ metadata }) => metadata.name === backend.service.name);
        expect((service?.spec?.['ports'] as { name: string }[] | undefined)?.map((port) => port.name)).toContain(
          backend.service.port.name,
        );
        // administrators' operations have no way in from outside
        expect(
          (service?.spec?.['ports'] as { targetPort: string }[] | undefined)?.map(({ targetPort }) => targetPort),
        ).toEqual(['http']);
      }
    }
    expect(ingress.tls.flatMap(({ hosts }) => hosts)).toEqual(ingress.rules.map(({ host }) => host));
  });

  test('bound every container, and let none write, rise or be root', () => {
    for (const { spec } of pods) {
      expect(spec.serviceAccountName).toBe(one('ServiceAccount').metadata.name);
      expect(spec.automountServiceAccountToken).toBe(false);
      expect(spec.securityContext).toMatchObject({ runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } });
      for (const { securityContext, resources } of spec.containers) {
        expect(securityContext).toEqual({
          allowPrivilegeEscalation: false,
          readOnlyRootFilesystem: true,
          capabilities: { drop: ['ALL'] },
        });
        expect(resources).toMatchObject({
          requests: { cpu: expect.any(String) as string, memory: expect.any(String) as string },
          limits: { memory: expect.any(String) as string },
        });
      }
    }
  });

  test('mount volumes that are declared, and declare none that nobody mounts', () => {
    for (const { spec } of pods) {
      const declared = spec.volumes.map((volume) => volume.name).toSorted();
      const mounted = spec.containers.flatMap(({ volumeMounts }) => volumeMounts.map((mount) => mount.name)).toSorted();
      expect(mounted).toEqual(declared);
    }
    expect(container.volumeMounts.map(({ mountPath }) => mountPath)).toEqual(
      expect.arrayContaining([one('ConfigMap').data?.['TEMPLATES_DIR'], '/etc/gatehouse/keys', '/tmp']),
    );
  });

  test('hold no secret, and read those that the manual tells to make', () => {
    expect(all.filter(({ kind }) => kind === 'Secret')).toEqual([]);
    const variables = pods.flatMap(({ spec }) => spec.containers.flatMap(({ env }) => env));
    const referred = variables.flatMap(({ valueFrom }) => valueFrom?.secretKeyRef ?? []);
    expect(referred.every((reference) => reference.name === 'gatehouse-secrets')).toBe(true);
    expect(new Set(referred.map(({ key }) => key))).toEqual(new Set(Object.keys(SECRETS)));
    const manual = read('README.md');
    for (const { key, optional } of referred)
      expect(manual).toContain(optional === true ? `\`${key}\`` : `--from-literal=${key}=`);
    expect(JSON.stringify(one('ConfigMap').data)).not.toMatch(/PASSWORD|MASTER_KEYS|TOKEN/);
  });

  test('give settings that exist, under which the server starts and nothing on the checklist is wrong', () => {
    const config = one('ConfigMap');
    for (const { spec } of pods) {
      for (const { env, envFrom } of spec.containers) {
        expect(envFrom.map(({ configMapRef }) => configMapRef.name)).toEqual([config.metadata.name]);
        const given = Object.fromEntries(
          env.map(({ name: variable, value, valueFrom }) => [
            variable,
            value ?? SECRETS[valueFrom?.secretKeyRef.key ?? ''],
          ]),
        );
        const names = [...Object.keys(config.data ?? {}), ...Object.keys(given)];
        expect(names.filter((variable) => !settings.has(variable) && !NODE_OWN.has(variable))).toEqual([]);
        const loaded = loadConfig({ cwd: import.meta.dirname, env: { ...config.data, ...given } });
        expect(loaded.environment).toBe(name);
        expect(loaded.server.forceHttps).toBe(true);
        expect(productionChecklist(loaded).filter(({ state }) => state === 'wrong')).toEqual([]);
        const ports = container.ports?.map(({ containerPort }) => containerPort);
        expect(ports).toEqual([loaded.server.port, loaded.administration.port]);
        const { shutdownDelaySeconds, shutdownGraceSeconds } = loaded.server;
        expect(gateway.spec.terminationGracePeriodSeconds).toBeGreaterThan(
          shutdownDelaySeconds + shutdownGraceSeconds + 5,
        );
      }
    }
  });

  test('give the migration every secret that a setting of the gateway may ask for', () => {
    const named = ({ env }: Container): readonly string[] => env.map((variable) => variable.name);
    const [job] = migration.spec.containers;
    const lacking = named(container).filter((variable) => job === undefined || !named(job).includes(variable));
    // Lists alone are read from it.
    expect(lacking).toEqual(['DATABASE_REPLICA_URL']);
  });

  test('wait for /readyz longer than it asks its parts', () => {
    expect(container.readinessProbe?.timeoutSeconds).toBeGreaterThan(2);
  });

  test('migrate by the command that a release runs', () => {
    expect(migration.spec.containers[0]?.command).toEqual(['node', 'scripts/cli.mjs', 'deploy']);
    const dockerfile = readFileSync(join(root, '../../Dockerfile'), 'utf8');
    expect(dockerfile).toContain('scripts/cli.mjs');
  });
});

test('the probes are answered by routes of the server, by clear http as the kubelet asks', async () => {
  const app = await startTestApp({
    settings: { 'server.baseUrl': 'https://id.example.org', 'server.trustedProxies': '10.0.0.0/8' },
  });
  try {
    const text = read('base', 'deployment.yaml');
    const paths = [...text.matchAll(/path: (\/\S+)/g)].map(([, path]) => path ?? '');
    expect(new Set(paths)).toEqual(new Set(['/healthz', '/readyz']));
    for (const path of paths) {
      const { status } = await fetch(`${app.url}${path}`, { headers: { 'x-forwarded-for': '10.0.0.7' } });
      expect([path, status]).toEqual([path, 200]);
    }
  } finally {
    await app.close();
  }
});
