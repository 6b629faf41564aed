import { expect, test } from 'vitest';
import { rarestParts } from '../../../src/entities/search-parts.queries.ts';

const shares = new Map([
  ['per', 1],
  ['ers', 1],
  ['rso', 1],
  ['son', 1],
  ['on5', 0.1],
  ['n55', 0.01],
  [' pe', 1],
  ['com', 1],
  ['ny7', 0.1],
  ['y7 ', 0.001],
  [' ex', 0.9],
]);

test.each([
  ['the rarest parts of all, at most three', 'person5559', ['555', '559', 'n55'], 0],
  ['a word that ends', 'ny7.ex', ['y7.', 'ny7'], 0.001],
  ['no part that more than half have, unless there is no other', 'person', ['per'], 1],
  ['each part once', 'on5on5', ['n5o', '5on', 'on5'], 0],
  ['any case', 'PERSON5', ['ON5'], 0.1],
  ['a word that begins', '@pe', ['@pe'], 1],
  ['no wildcard', 'a%b_cde\\f', ['cde'], 0],
  ['no letter of another script beside a word', 'éab cdé', ['ab ', ' cd'], 0],
  ['nothing where there is nothing', '7.é', [], 1],
])('the index is asked for %s: %s', (_, text, pieces, share) => {
  expect(rarestParts(text, shares)).toEqual({ pieces, share });
});
