/** The door of bridge/conferences: live rooms. */
export { Attendance } from './attendance.ts';
export { createEffectRunner, mediaRoomName } from './effects.ts';
export { Keypads } from './keypads.ts';
export { Participation, type ParticipationDeps, type RoomLeg } from './participation.ts';
export { RecordingFolder } from './recordings.ts';
export { serveRoomRequests } from './requests.ts';
export { RoomService, type Applied, type EffectPlace, type RunEffect } from './room-service.ts';
export { maySpeak, reduce, type Newcomer, type RoomEffect, type RoomIdentity, type RoomInput } from './room/index.ts';
export { RoomKeeper } from './room-keeper.ts';
export { NotAdmitted } from './seat.ts';
