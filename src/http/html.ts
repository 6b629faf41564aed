const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/** Text as text of a page, or as the value of an attribute between quotes. */
export const escapeHtml = (text: string): string =>
  text.replaceAll(/[&<>"']/g, (character) => ENTITIES[character] ?? '');

const LINK = /https?:\/\/[^\s<>"']+/g;

/** Text of a page whose addresses can be clicked. */
export const linkedHtml = (text: string): string => {
  let html = '';
  let from = 0;
  for (const { 0: address, index } of text.matchAll(LINK)) {
    const escaped = escapeHtml(address);
    html += `${escapeHtml(text.slice(from, index))}<a href="${escaped}" target="_blank" rel="noreferrer">${escaped}</a>`;
    from = index + address.length;
  }
  return html + escapeHtml(text.slice(from));
};
