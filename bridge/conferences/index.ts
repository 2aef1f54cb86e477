/** The door of bridge/conferences: live rooms. */
export { Attendance } from './attendance.ts';
export { DEFAULT_KEYPAD, KeypadReader, type KeypadAction, type KeypadMap } from './keypad.ts';
export { createEffectRunner } from './media-effects.ts';
export {
  mediaRoomName,
  NotAdmitted,
  Participation,
  type Newcomer,
  type ParticipationDeps,
  type RoomLeg,
} from './participation.ts';
export { maySpeak, reduce, type Reduction, type RoomEffect, type RoomIdentity, type RoomInput } from './reducer.ts';
export { RoomService, type Applied, type RunEffect } from './room-service.ts';
