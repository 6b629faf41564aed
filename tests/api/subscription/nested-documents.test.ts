import { afterEach, describe, expect, test } from 'vitest';
import { closeSubscribers, subscriberOf } from '../../support/subscriber.ts';
import { useTestApp } from '../../support/test-app.ts';

afterEach(closeSubscribers);

describe('a subscription', () => {
  // How deep the parser reads depends on how far the engine has compiled it; at so many tokens it is never deep enough.
  const app = useTestApp({ settings: { 'limits.maximumTokens': '100000' } });

  test('that is nested too deeply to be read is refused as that, and no fault of the server', async () => {
    const { auditor } = await app().cast();
    const nested = `${'['.repeat(20_000)}${']'.repeat(20_000)}`;
    const subscriber = await subscriberOf(app(), auditor);
    const stream = subscriber.follow(`subscription { userChanged(ids: ${nested}) { userId } }`, {});
    const errors = (await stream.ended) ?? stream.messages[0]?.errors;
    expect(errors).toMatchObject([
      { extensions: { code: 'QUERY_TOO_COMPLEX' }, message: expect.stringMatching(/nested too deeply/) },
    ]);
    expect(app().log.filter((line) => line.includes('call stack'))).toEqual([]);
  });
});
