/** A client that says nothing about itself. */
const UNKNOWN = 'Unknown device';

/** Nobody's browser sends more; longer headers are cut before anything looks at them. */
const MAXIMUM_READ = 512;

/** A program that is no browser, by the first product of its header (RFC 9110 section 10.1.5): `curl/8.5.0`, `node`. */
const PRODUCT = /^[A-Za-z][A-Za-z0-9_-]{0,39}(?=[/ ;(.]|$)/;

/**
 * Names a device after its User-Agent header, as people know it: `Firefox on Linux`, `Safari on iOS`, `curl`. At most 80
 * characters. The header belongs to whoever signs in and its name goes into mails and lists, so only names from a fixed list and
 * single words of letters, digits and hyphens come through: no sentence, no address, no markup.
 */
export const deviceNameOf = async (userAgent: string | null): Promise<string> => {
  const text = userAgent?.slice(0, MAXIMUM_READ).trim() ?? '';
  if (text === '') return UNKNOWN;
  // Loaded by the first device that needs a name: a server that starts waits for nothing.
  const { default: Bowser } = await import('bowser');
  const { browser, os } = Bowser.parse(text);
  const known = Object.values(Bowser.BROWSER_MAP);
  const program = known.find((name) => name === browser.name) ?? productOf(text);
  const system = Object.values(Bowser.OS_MAP).find((name) => name === os.name) ?? null;
  if (program === null) return system ?? UNKNOWN;
  return system === null ? program : `${program} on ${system}`;
};

/** Every browser calls itself Mozilla, for reasons of the nineties; that names nobody. */
const productOf = (text: string): string | null => {
  const product = PRODUCT.exec(text)?.[0] ?? null;
  return product === null || product.toLowerCase() === 'mozilla' ? null : product;
};
