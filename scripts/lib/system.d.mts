export class SetUpError extends Error {}
export interface ProgramNeed {
  readonly program: string;
  readonly debianPackage: string;
}
type Say = (line: string) => void;
export function checkNode(version?: string): void;
export function packagesAreInstalled(root: string): boolean;
export function installPackages(root: string, say: Say): Promise<void>;
export function findProgram(name: string, path?: string): string | null;
export function installPrograms(needs: readonly ProgramNeed[], say: Say): Promise<void>;
export function run(command: string, args: readonly string[], options?: object): Promise<void>;
