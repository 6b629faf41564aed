/** What a statement that asks about many at once says of each: one character, so that no row is made for any of them. */
export const LIFE_SIGNS = { lives: 'y', withinNetworks: 'w', over: 'n' } as const;
