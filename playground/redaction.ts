import { Lexer, Source, type Token, TokenKind } from 'graphql';

/** Fields whose text is a secret, or may be one: blanking a harmless text costs a retyping, keeping a secret costs an account. */
const secretName = /pass|secret|token|code|otp|credential|assertion|answer|key/i;
/** A commented-out line can hold what the line held. */
const secretComment = new RegExp(`(?:${secretName.source})\\w*["']?\\s*[:=]`, 'i');

interface Cut {
  readonly start: number;
  readonly end: number;
  readonly text: string;
}

const isComment = ({ kind }: Token): boolean => kind === TokenKind.COMMENT;
const isLiteral = ({ kind }: Token): boolean =>
  [TokenKind.STRING, TokenKind.BLOCK_STRING, TokenKind.INT, TokenKind.FLOAT].includes(kind);

/** Every token of the document, comments included. Throws where the text is none. */
const tokensOf = (query: string): readonly Token[] => {
  const lexer = new Lexer(new Source(query));
  const first = lexer.token;
  let last = first;
  while (last.kind !== TokenKind.EOF) last = lexer.advance();
  const tokens: Token[] = [];
  for (let token: Token | null = first; token !== null; token = token.next) tokens.push(token);
  return tokens;
};

const literalCuts = (tokens: readonly Token[]): readonly Cut[] => {
  let secret = false;
  return tokens.flatMap((token, index) => {
    if (token.kind === TokenKind.NAME && tokens[index + 1]?.kind === TokenKind.COLON) {
      // A variable's default is a secret under whatever name the variable has.
      secret = tokens[index - 1]?.kind === TokenKind.DOLLAR || secretName.test(token.value);
    }
    return secret && isLiteral(token) ? [{ start: token.start, end: token.end, text: '""' }] : [];
  });
};

const commentCuts = (comments: readonly Token[]): readonly Cut[] =>
  comments.filter(({ value }) => secretComment.test(value)).map(({ start, end }) => ({ start, end, text: '#' }));

/**
 * The document without the values of secret arguments and without default values of variables, otherwise unchanged.
 * A document that cannot be read, such as one with an open quote while it is being typed, gives `null`: what cannot be
 * understood is not kept.
 */
export const redactDocument = (query: string): string | null => {
  try {
    const tokens = tokensOf(query);
    return [...literalCuts(tokens.filter((token) => !isComment(token))), ...commentCuts(tokens.filter(isComment))]
      .toSorted((a, b) => b.start - a.start)
      .reduce((text, { start, end, text: instead }) => text.slice(0, start) + instead + text.slice(end), query);
  } catch {
    return null;
  }
};
