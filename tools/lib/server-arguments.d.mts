/** For TypeScript outside of tools. */
export declare const serverArguments: (cores?: number) => string[];
