/** The one place of this package that asks what time it is. */
export const presentTime = (): Date => new Date();

/** Whole seconds since 1970, as tokens have them. */
export const secondsOf = (time: Date): number => Math.floor(time.getTime() / 1000);
