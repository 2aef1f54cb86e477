/** The door for what runs in a browser: values without schemas. Types come from index.ts and cost nothing there. */
export { applyRoomChange } from './apply-room-change.ts';
export { REPLACED_TEXT, SIP_PATH, SOCKET_PATH, TICKET_HEADER } from './names.ts';
