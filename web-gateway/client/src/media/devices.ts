/** Microphones and speakers, and when they come and go. */
import { useEffect, useState } from 'react';

export interface Devices {
  readonly microphones: readonly Device[];
  /** Empty where the browser leaves the choice to the system. */
  readonly speakers: readonly Device[];
}

export interface Device {
  readonly id: string;
  readonly label: string;
}

const NONE: Devices = { microphones: [], speakers: [] };

export const canChooseSpeaker = (): boolean => 'setSinkId' in HTMLMediaElement.prototype;

/** Labels are empty until a microphone was allowed. */
export async function listDevices(): Promise<Devices> {
  if (!('mediaDevices' in navigator)) return NONE;
  const all = await navigator.mediaDevices.enumerateDevices();
  const of = (kind: MediaDeviceKind, word: string): Device[] =>
    all
      .filter((device) => device.kind === kind && device.deviceId !== '')
      .map(({ deviceId, label }, index) => ({ id: deviceId, label: label || `${word} ${index + 1}` }));
  return {
    microphones: of('audioinput', 'Microphone'),
    speakers: canChooseSpeaker() ? of('audiooutput', 'Speaker') : [],
  };
}

/** @param allowed changes when a microphone was allowed: only then the devices have names */
export function useDevices(allowed: unknown): Devices {
  const [devices, setDevices] = useState(NONE);
  useEffect(() => {
    let mounted = true;
    const look = () => {
      void listDevices().then((found) => {
        if (mounted) setDevices(found);
      });
    };
    look();
    const source = 'mediaDevices' in navigator ? navigator.mediaDevices : undefined;
    source?.addEventListener('devicechange', look);
    return () => {
      mounted = false;
      source?.removeEventListener('devicechange', look);
    };
  }, [allowed]);
  return devices;
}
