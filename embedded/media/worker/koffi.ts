/** What is used of koffi. Its own types would make every call `any`. */

/** All calls used here answer with a number that fits; none is called with anything but numbers and strings. */
export type KoffiFunction = (...values: (number | string)[]) => number;

export interface KoffiModule {
  /** null: what is already loaded into this process, the C library among it. */
  load(path: null): { func(definition: string): KoffiFunction };
  /** Of the last call made by this thread. */
  errno(): number;
  address(buffer: ArrayBuffer): bigint;
  /** Types of functions, and functions of ours that can be called from outside, on this thread. */
  proto(definition: string): object;
  pointer(type: object): object;
  register(callback: (...values: number[]) => number, type: object): bigint;
  unregister(callback: bigint): void;
  readonly os: { readonly errno: Readonly<Record<string, number>> };
}
