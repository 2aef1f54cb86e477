/** drachtio-fsmrf 4.1.2 and drachtio-modesl 1.3.1 come without types; media-ports.ts narrows what we use of them. */
declare module 'drachtio-fsmrf' {
  const Mrf: unknown;
  export default Mrf;
}
declare module 'drachtio-fsmrf/lib/mediaserver.js' {
  const MediaServer: unknown;
  export default MediaServer;
}
declare module 'drachtio-modesl' {
  const esl: unknown;
  export default esl;
}
