import { Button, CopyButton } from '@mantine/core';
import { IconCheck, IconCopy } from '../../components/icons.ts';
import type { ReactNode } from 'react';

export function Copy({ value, label, children }: { value: string; label: string; children: ReactNode }) {
  return (
    <CopyButton value={value}>
      {({ copied, copy }) => (
        <Button
          size="xs"
          variant="default"
          aria-label={copied ? 'Copied' : label}
          leftSection={copied ? <IconCheck size={14} aria-hidden /> : <IconCopy size={14} aria-hidden />}
          onClick={copy}
        >
          {copied ? 'Copied' : children}
        </Button>
      )}
    </CopyButton>
  );
}
