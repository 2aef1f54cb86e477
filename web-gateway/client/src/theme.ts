/** Colours, type and shape. Warm paper and one deep green; red only for what ends or is recorded. */
import { createTheme, type ConvertCSSVariablesInput, type MantineColorsTuple } from '@mantine/core';

/** White text can be read on the sixth and the seventh, which buttons are filled with. */
const green: MantineColorsTuple = [
  '#e9f7f1',
  '#d3ece1',
  '#a6dac4',
  '#76c7a5',
  '#4cc79b',
  '#33a878',
  '#15805a',
  '#0b6e4f',
  '#085a41',
  '#054634',
];

const red: MantineColorsTuple = [
  '#fdecea',
  '#fad4d0',
  '#f5aaa3',
  '#f08a80',
  '#ff8f82',
  '#e2574b',
  '#c4352b',
  '#b3261e',
  '#8f1d17',
  '#6f1512',
];

/** From ink on dark paper to the paper itself. */
const dark: MantineColorsTuple = [
  '#e8ebef',
  '#cdd4dc',
  '#a5afbc',
  '#8d97a4',
  '#4a5665',
  '#2a333e',
  '#1f262f',
  '#1a2028',
  '#161b22',
  '#12161c',
];

export const themeOverride = createTheme({
  primaryColor: 'green',
  primaryShade: { light: 7, dark: 6 },
  colors: { green, red, dark },
  white: '#ffffff',
  black: '#1c2430',
  defaultRadius: 'md',
  cursorType: 'pointer',
  respectReducedMotion: true,
  fontFamily: "system-ui, -apple-system, 'Segoe UI', Roboto, 'Helvetica Neue', 'Noto Sans', sans-serif",
  fontFamilyMonospace: "ui-monospace, 'SF Mono', Menlo, Consolas, 'DejaVu Sans Mono', monospace",
  headings: { fontFamily: 'inherit', fontWeight: '650' },
});

export const themeVariables: ConvertCSSVariablesInput = {
  variables: {},
  light: {
    '--mantine-color-body': '#fbfaf7',
    '--mantine-color-text': '#1c2430',
    '--mantine-color-dimmed': '#586270',
    '--mantine-color-placeholder': '#6b7480',
    '--mantine-color-default-border': '#cfc9bd',
    '--mantine-color-error': '#a3261b',
    '--mantine-color-anchor': '#0b6e4f',
    '--card': '#ffffff',
    '--line': '#e3dfd6',
    '--raised': '#f3f0e9',
    '--talking': '#15805a',
    '--warm': '#8a5a00',
    '--warm-paper': '#fdf3dd',
    '--bad': '#a3261b',
    '--bad-paper': '#fbe9e7',
    '--face-paper': 'white',
    '--face-ink': 'black',
  },
  dark: {
    '--mantine-color-body': '#12161c',
    '--mantine-color-text': '#e8ebef',
    '--mantine-color-dimmed': '#a5afbc',
    '--mantine-color-placeholder': '#8d97a4',
    '--mantine-color-default-border': '#4a5665',
    '--mantine-color-error': '#ff8f82',
    '--mantine-color-anchor': '#4cc79b',
    '--card': '#1a2028',
    '--line': '#2c3540',
    '--raised': '#222a34',
    '--talking': '#4cc79b',
    '--warm': '#f2c46b',
    '--warm-paper': '#33291a',
    '--bad': '#ff8f82',
    '--bad-paper': '#3a2020',
    '--face-paper': '#12161c',
    '--face-ink': 'white',
  },
};
