/** Differences of a kind that are named; the others are counted. */
export const differencesNamedMax = 10;
/** The newest months of history in which the latest values of a vehicle are looked for that the log does not have any more. */
export const seedMonthsMax = 2;
/** It is not looked further once so many chunks of it in a row told of no other signal. */
export const seedIdleChunksMax = 12;
/** Space that must be free beyond the size of the old model, as a share of it: merged chunks are smaller than those that a rebuild writes first. */
export const spaceFactor = 1.5;
/** What is left to read when the running server takes over: it reads the rest itself. */
export const handoverBytesMax = 4 * 1024 * 1024;
/** Rounds of catching up before it goes on with whatever is left. */
export const catchUpRoundsMax = 10;
/** How long the running server waits for a new model to stand where the others stand. */
export const followMsMax = 120_000;
/** How often what a rebuild tells is printed, and handed to the server. */
export const tellEveryMs = 1000;
/** Lower priority of the process that builds: what serves goes first. */
export const builderNice = 15;
/** Old models that a rebuild moved aside are removed after this. */
export const oldModelsKeptMs = 7 * 86_400_000;
/** Changes of status that are kept for a history that is being put in place. */
export const statusNotesMax = 1_000_000;
