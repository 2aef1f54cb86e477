/** Loads the settings once: defaults, then the YAML file, then the environment; the result is frozen. */
import { existsSync, readFileSync, statSync } from 'node:fs';
import { parse } from 'yaml';
import type { z } from 'zod';
import { environmentName, settingsSchema, type Settings, type SettingsInput } from './schema.ts';

const MAX_FILE_BYTES = 1024 * 1024;
const PREFIX = 'PARTYLINE_';
/** Variables with our prefix that are not settings. */
const NOT_SETTINGS = new Set(['PARTYLINE_CONFIG']);

/** A setting is wrong: `message` is a sentence that names it and where it was set. */
export class SettingsError extends Error {
  override readonly name = 'SettingsError';
}

export interface SettingsSources {
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** YAML file; a missing one is no fault unless it was asked for by PARTYLINE_CONFIG. */
  readonly file?: string;
  /** Wins over all: for tests. */
  readonly overrides?: SettingsInput;
}

/** @throws SettingsError naming the key and its place */
export function loadSettings(sources: SettingsSources): Settings {
  const asked = sources.environment['PARTYLINE_CONFIG'];
  const file = asked ?? sources.file;
  const fromFile = file === undefined ? {} : readFile(file, asked !== undefined);
  const fromEnvironment = readEnvironment(sources.environment);
  const merged = { ...fromFile, ...fromEnvironment, ...sources.overrides };
  const result = settingsSchema.safeParse(merged);
  if (result.success) return deepFreeze(result.data);
  throw new SettingsError(describeIssue(result.error.issues[0], (key) => placeOf(key, fromEnvironment, file)));
}

function describeIssue(issue: z.core.$ZodIssue | undefined, placeOf: (key: string) => string): string {
  if (issue === undefined) return 'The settings are wrong.';
  const unknown = issue.code === 'unrecognized_keys' ? (issue.keys[0] ?? '') : undefined;
  const [key, ...inside] = issue.path.map(String);
  if (key === undefined) {
    return unknown === undefined
      ? 'The settings are wrong.'
      : `There is no setting named ${unknown} (in ${placeOf(unknown)}).`;
  }
  const where = inside.length > 0 ? ` (at ${inside.join('.')})` : '';
  const what = unknown === undefined ? issue.message : `there is no field named ${unknown}`;
  return `Setting ${key} in ${placeOf(key)} is wrong${where}: ${what}.`;
}

function placeOf(key: string, fromEnvironment: Record<string, unknown>, file: string | undefined): string {
  return key in fromEnvironment || file === undefined ? environmentName(key) : file;
}

function readFile(file: string, required: boolean): Record<string, unknown> {
  if (!existsSync(file)) {
    if (required) throw new SettingsError(`The settings file ${file} named by PARTYLINE_CONFIG does not exist.`);
    return {};
  }
  if (statSync(file).size > MAX_FILE_BYTES) throw new SettingsError(`The settings file ${file} is larger than 1 MiB.`);
  let content: unknown;
  try {
    content = parse(readFileSync(file, 'utf8'));
  } catch (error) {
    // The first line tells what and where; the rest quotes the file, which may hold passwords.
    const [why] = (error instanceof Error ? error.message : String(error)).split('\n');
    throw new SettingsError(`The settings file ${file} is not YAML: ${why}`);
  }
  if (content === null || content === undefined) return {};
  if (typeof content !== 'object' || Array.isArray(content)) {
    throw new SettingsError(`The settings file ${file} must hold keys and values.`);
  }
  return content as Record<string, unknown>;
}

function readEnvironment(environment: SettingsSources['environment']): Record<string, unknown> {
  const names = new Map(Object.keys(settingsSchema.shape).map((key) => [environmentName(key), key]));
  const found: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(environment)) {
    if (!name.startsWith(PREFIX) || NOT_SETTINGS.has(name) || value === undefined || value === '') continue;
    const key = names.get(name);
    if (key === undefined) throw new SettingsError(`There is no setting ${name}; docs/settings.md lists them all.`);
    found[key] = value;
  }
  return found;
}

function deepFreeze<T>(value: T): T {
  if (typeof value === 'object' && value !== null) {
    Object.freeze(value);
    for (const inner of Object.values(value)) deepFreeze(inner);
  }
  return value;
}
