/** The token of an `Authorization: Bearer …` header; undefined when there is none. */
export const readBearer = (header: string | undefined): string | undefined => {
  if (!header || header.length > 8192) return undefined;
  const match = /^Bearer +([A-Za-z0-9._~+/-]+=*)$/i.exec(header);
  return match?.[1];
};
