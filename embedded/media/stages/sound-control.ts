/** Silence or another volume for one direction of a leg (`uuid_audio`, `set_mute`). */
import { SILENT_FRAME, scale, volumeStepGain } from '../audio.ts';
import { comfortNoise } from '../comfort-noise.ts';
import type { SoundSetting } from '../types.ts';

export class SoundControl {
  setting: SoundSetting = {};

  get changes(): boolean {
    const { mute = 0, volumeStep = 0 } = this.setting;
    return mute > 0 || volumeStep !== 0;
  }

  /** @param frame the leg's own, which may be changed, or SILENT_FRAME. @returns what is heard instead */
  apply(frame: Int16Array): Int16Array {
    const { mute = 0, volumeStep = 0 } = this.setting;
    if (mute === 1) return SILENT_FRAME;
    // Others may be given the same noise: it must not be changed.
    if (mute > 1) frame.set(comfortNoise(mute).frame().samples);
    else if (frame !== SILENT_FRAME) scale(frame, volumeStepGain(volumeStep));
    return frame;
  }
}
