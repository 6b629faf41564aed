/**
 * Decodes base64url that is exactly what the encoder would have written; null for everything else.
 * Node's decoder skips foreign characters and ignores the spare bits of the last one, so that several texts would mean the same bytes.
 */
export const decodeBase64Url = (text: string): Buffer | null => {
  const bytes = Buffer.from(text, 'base64url');
  return bytes.toString('base64url') === text ? bytes : null;
};
