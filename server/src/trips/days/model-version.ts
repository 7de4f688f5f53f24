/** Of the figures: counts up with each change after which the same samples give another day. What an older one made is derived again. */
const modelVersion = 2;
/** Of the document's bytes. */
const documentVersion = 2;

/** What a stored day says of how it was made; one that says anything else is not read. */
export const documentForm = modelVersion * 100 + documentVersion;
