/** Keyframes lie this far apart, on whole multiples since 1970. */
export const keyframeEveryMs = 300_000;
/**
 * A keyframe is made when everything received up to this long after its moment is in chunks: what devices send in batches once a minute
 * is then in it, and need not be read beside it.
 */
export const keyframeSettleMs = 120_000;
/** A value does not count when it is this much older than the newest value of its vehicle: how far chunks are looked through. */
export const fleetValueAgeMaxMs = 31 * 86_400_000;
/**
 * Values of several devices are kept beside each other when they are not older than the newest by more than this: which of them counts
 * is decided by the kinds of the devices, when it is read.
 */
export const deviceHoldMs = 300_000;
/** Vehicle numbers of which the state is worked out at once: bounds the memory of it. */
export const vehiclesPerPass = 16_384;
export const vehiclesPerPage = 1024;
/** … and of which a keyframe is made without a pause: a query waits no longer than for these. A multiple of a page. */
export const vehiclesPerStep = 2048;
/** Signals of which a fleet's state is kept, at most. */
export const fleetSignalsMax = 256;
/** Threads that share the vehicles of one state, when each has at least so many. */
export const fleetThreads = 2;
export const vehiclesPerThreadMin = 1000;
/** Fleet states that are worked out or wait, at most. */
export const fleetQueriesMax = 16;
/** Late rows: a keyframe with more vehicles than this share (and more than the number) that have some is made anew … */
export const lateShareMax = 0.02;
export const lateVehiclesMin = 64;
/** Pause between two keyframes that are made, as a multiple of the time the last one took: a rebuild leaves the thread to queries. */
export const keyframePauseFactor = 1;
/** How often it is looked whether a keyframe is due … */
export const keyframeLookEveryMs = 10_000;
/** … and whether an older one is missing or lacks much. */
export const keyframeSearchEveryMs = 600_000;
