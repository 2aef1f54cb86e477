/** Defaults of components, the same everywhere. By name: importing them here would put them all on the first page. */
import type { MantineThemeComponents } from '@mantine/core';

export const component: MantineThemeComponents = {
  Button: { defaultProps: { size: 'md' } },
  TextInput: { defaultProps: { size: 'md' } },
  PasswordInput: { defaultProps: { size: 'md' } },
  Radio: { defaultProps: { size: 'md' } },
  Switch: { defaultProps: { size: 'md' } },
  NativeSelect: { defaultProps: { size: 'md' } },
  Menu: {
    defaultProps: {
      shadow: 'md',
      position: 'bottom-end',
      width: 240,
      // Where it is opened, for whoever reads the page in its order.
      withinPortal: false,
      // Its placeholder for the focus is no item, as a menu's children have to be.
      withInitialFocusPlaceholder: false,
    },
  },
  Modal: {
    defaultProps: {
      // Its lock on scrolling writes a <style> element.
      lockScroll: false,
      centered: true,
      closeButtonProps: { 'aria-label': 'Close' },
      // A <header> inside a dialog is no banner of the page.
      attributes: { header: { role: 'none' } },
    },
  },
};
