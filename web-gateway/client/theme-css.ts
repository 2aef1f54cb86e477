/**
 * Mantine's theme as a file. Mantine writes it into a <style> element at run time, which a Content-Security-Policy
 * without exceptions refuses; the pages import `virtual:theme.css` instead.
 */
import {
  convertCssVariables,
  deepMerge,
  defaultCssVariablesResolver,
  mergeMantineTheme,
  DEFAULT_THEME,
} from '@mantine/core';
import type { Plugin } from 'vite';
import { themeOverride, themeVariables } from './src/theme.ts';

const ID = 'virtual:theme.css';
const RESOLVED = '\0theme.css';

export function themeCss(): Plugin {
  return {
    name: 'partyline-theme-css',
    resolveId: (id) => (id === ID ? RESOLVED : undefined),
    load: (id) => (id === RESOLVED ? css() : undefined),
  };
}

function css(): string {
  const theme = mergeMantineTheme(DEFAULT_THEME, themeOverride);
  return convertCssVariables(deepMerge(defaultCssVariablesResolver(theme), themeVariables), ':root');
}
