import { describe, expect, test } from 'vitest';
import { readIdentifier } from '../../../src/services/identifiers.ts';
import { isOneScript, skeletonOf } from '../../../src/services/username-skeleton.ts';

describe('the skeleton of a user name', () => {
  test.each([
    ['alice', 'ALICE'],
    ['paypal', 'раураӏ'], // all Cyrillic
    ['bob', 'b0b'],
    ['bill', 'BiII'], // two capital i
    ['bill', 'bi11'],
    ['modern', 'rnodern'],
    ['strasse', 'straße'],
    ['full', 'ｆｕｌｌ'],
    ['müller', 'mu\u0308ller'],
    ['google', 'gооgle'], // Cyrillic o
    ['scope', 'ѕсоре'], // all Cyrillic
    ['ıstanbul', 'istanbul'],
  ])('%s and %s look alike', (one, other) => {
    expect(skeletonOf(one)).toBe(skeletonOf(other));
  });

  test.each([
    ['alice', 'alicia'],
    ['müller', 'muller'],
    ['ada', 'ida'],
    ['user1', 'user2'],
    ['νίκος', 'nikos'],
    ['田中', '山中'],
  ])('%s and %s do not', (one, other) => {
    expect(skeletonOf(one)).not.toBe(skeletonOf(other));
  });

  test('does not depend on the case or form of the letters', () => {
    for (const name of ['Ada.Lovelace', 'Łukasz', 'ΣΊΣΥΦΟΣ', 'Иван', 'İpek', 'ﬀalcon']) {
      const value = name.normalize('NFKC').toLowerCase();
      for (const form of ['NFC', 'NFD', 'NFKC', 'NFKD'] as const) {
        expect(skeletonOf(value.normalize(form))).toBe(skeletonOf(value));
      }
      expect(skeletonOf(skeletonOf(name))).toBe(skeletonOf(name));
    }
  });
});

describe('scripts of a user name', () => {
  test.each(['alice', 'ada.lovelace-1', 'Иван', 'νίκος', '田中tanaka', 'たなかtanaka', '김철수kim', 'عمر', '12345'])(
    '%s is fine',
    (name) => {
      expect(isOneScript(name)).toBe(true);
      expect(readIdentifier('USERNAME', name)).toHaveProperty('identifier');
    },
  );

  test.each(['аlice', 'pаypal', 'gооgle', 'alicе', 'νikos', '田中Иван', 'ᚠᚢᚦ'])('%s is not', (name) => {
    expect(isOneScript(name)).toBe(false);
    expect(readIdentifier('USERNAME', name)).toEqual({ problem: { code: 'INVALID_USERNAME', field: ['username'] } });
  });
});
