/** The browser application: theme, addresses, pages. */
import './styles.ts'; // before the pages, whose own styles come after
import { MantineProvider } from '@mantine/core';
import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { App } from './app.tsx';
import { component } from './theme-components.ts';
import { themeOverride } from './theme.ts';

const root = document.getElementById('root');
if (root === null) throw new Error('the page has no #root');

// No <style> elements: the theme is a file (theme-css.ts), and the Content-Security-Policy stays without exceptions.
createRoot(root).render(
  <StrictMode>
    <MantineProvider
      theme={{ ...themeOverride, components: component }}
      defaultColorScheme="auto"
      withCssVariables={false}
      withGlobalClasses={false}
    >
      <App />
    </MantineProvider>
  </StrictMode>,
);
