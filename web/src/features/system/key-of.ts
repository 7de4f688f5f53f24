/** The key in the messages of a word of the API: `read models`, `when-equal` as readModels, whenEqual. */
export const keyOf = (word: string): string => word.replaceAll(/[ -](\w)/g, (_, letter: string) => letter.toUpperCase());
