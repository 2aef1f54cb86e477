export function buildClient(root: string, say: (line: string) => void): Promise<boolean>;
export function hashOf(root: string): string;
