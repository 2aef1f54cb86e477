/**
 * Put into every page that test/peers/chromium.ts opens, before the page's own scripts: keeps what the page's peer
 * connections receive, and hands out the last samples of it.
 */
(() => {
  const streams = new Set();
  let ear;

  /** A remote stream gives no samples to Web Audio unless an element plays it as well. */
  function play(stream) {
    const element = new Audio();
    element.srcObject = stream;
    element.muted = true;
    void element.play();
  }

  function listen() {
    if (ear) return ear;
    const context = new AudioContext({ sampleRate: 48000 });
    const analyser = new AnalyserNode(context, { fftSize: 32768 });
    ear = { context, analyser, connected: new Set() };
    return ear;
  }

  function connect() {
    const { context, analyser, connected } = listen();
    for (const stream of streams) {
      if (connected.has(stream)) continue;
      connected.add(stream);
      context.createMediaStreamSource(stream).connect(analyser);
    }
  }

  const Native = window.RTCPeerConnection;
  window.RTCPeerConnection = class extends Native {
    constructor(...parameters) {
      super(...parameters);
      window.testSound.connections.push(this);
      this.addEventListener('track', ({ track }) => {
        const stream = new MediaStream([track]);
        streams.add(stream);
        play(stream);
        connect();
      });
    }
  };

  window.testSound = {
    connections: [],
    rate: 48000,
    /** The next `milliseconds` of sound, 680 at most. */
    async hear(milliseconds) {
      const { context, analyser } = listen();
      connect();
      await context.resume();
      const until = context.currentTime + milliseconds / 1000;
      while (context.currentTime < until) await new Promise((done) => setTimeout(done, 20));
      const samples = new Float32Array(analyser.fftSize);
      analyser.getFloatTimeDomainData(samples);
      return Array.from(samples.slice(-Math.round(48 * milliseconds)));
    },
  };
})();
