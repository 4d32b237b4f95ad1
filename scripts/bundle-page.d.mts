export declare const bundlePage: () => Promise<string>
